// Which handler answers a request that came in at the broker's listener. Source: KafkaApis.handle (3.9).
import type { ProcessContext } from "#engine/core/process.ts";
import { isForwardedApi } from "#engine/protocol/error-response.ts";
import type { RequestMessage, RequestOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { handleProduce } from "./apis/00-produce.ts";
import { handleFetch } from "./apis/01-fetch.ts";
import { handleListOffsets } from "./apis/02-list-offsets.ts";
import { handleMetadata } from "./apis/03-metadata.ts";
import { handleApiVersions } from "./apis/18-api-versions.ts";
import { handleDeleteRecords } from "./apis/21-delete-records.ts";
import { handleInitProducerId } from "./apis/22-init-producer-id.ts";
import { handleOffsetForLeaderEpoch } from "./apis/23-offset-for-leader-epoch.ts";
import { handleDescribeConfigs } from "./apis/32-describe-configs.ts";
import { handleDescribeLogDirs } from "./apis/35-describe-log-dirs.ts";
import { handleIncrementalAlterConfigs } from "./apis/44-incremental-alter-configs.ts";
import { handleDescribeClientQuotas } from "./apis/48-describe-client-quotas.ts";
import { handleDescribeTopicPartitions } from "./apis/75-describe-topic-partitions.ts";
import type { BrokerState } from "./broker-state.ts";
import { forward, isQuorumApi } from "./forwarding.ts";

/** False for an api that this listener does not have. */
export function handleBrokerRequest(process: ProcessContext, broker: BrokerState, message: RequestMessage, to: ReplyTo): boolean {
  const { body } = message;
  switch (message.api) {
    case "Produce": handleProduce(process, broker, body as RequestOf<"Produce">, to as ReplyTo<"Produce">); return true;
    case "Fetch": handleFetch(process, broker, body as RequestOf<"Fetch">, to as ReplyTo<"Fetch">); return true;
    case "ListOffsets": handleListOffsets(process, broker, body as RequestOf<"ListOffsets">, to as ReplyTo<"ListOffsets">); return true;
    case "Metadata": handleMetadata(process, broker, body as RequestOf<"Metadata">, to as ReplyTo<"Metadata">); return true;
    case "ApiVersions": handleApiVersions(process, broker, to as ReplyTo<"ApiVersions">); return true;
    case "DeleteRecords": handleDeleteRecords(process, broker, body as RequestOf<"DeleteRecords">, to as ReplyTo<"DeleteRecords">); return true;
    case "InitProducerId": handleInitProducerId(process, broker, body as RequestOf<"InitProducerId">, to as ReplyTo<"InitProducerId">); return true;
    case "OffsetForLeaderEpoch": handleOffsetForLeaderEpoch(process, broker, body as RequestOf<"OffsetForLeaderEpoch">, to as ReplyTo<"OffsetForLeaderEpoch">); return true;
    case "DescribeConfigs": handleDescribeConfigs(process, broker, body as RequestOf<"DescribeConfigs">, to as ReplyTo<"DescribeConfigs">); return true;
    case "IncrementalAlterConfigs":
      handleIncrementalAlterConfigs(process, broker, body as RequestOf<"IncrementalAlterConfigs">, to as ReplyTo<"IncrementalAlterConfigs">);
      return true;
    case "DescribeClientQuotas":
      handleDescribeClientQuotas(process, broker, body as RequestOf<"DescribeClientQuotas">, to as ReplyTo<"DescribeClientQuotas">);
      return true;
    case "DescribeTopicPartitions":
      handleDescribeTopicPartitions(process, broker, body as RequestOf<"DescribeTopicPartitions">, to as ReplyTo<"DescribeTopicPartitions">);
      return true;
    case "DescribeLogDirs": handleDescribeLogDirs(process, broker, body as RequestOf<"DescribeLogDirs">, to as ReplyTo<"DescribeLogDirs">); return true;
    default:
      if (!isForwardedApi(message.api) && !isQuorumApi(message.api)) return false;
      forward(process, broker, message.api, body as RequestOf<typeof message.api>, to as ReplyTo<typeof message.api>);
      return true;
  }
}
