// UpdateMetadata (ApiKey 6), ZooKeeper mode only. Source: KafkaApis.handleUpdateMetadataRequest, ReplicaManager.maybeUpdateMetadataCache (3.9).
//
// Behaviour: refused from a controller with an older epoch and for an earlier life of this broker; otherwise the broker's metadata cache changes,
// and whoever waited for a topic to appear, to get leaders or to go is answered.
// Versions: 8. FIDELITY: ZKC-METADATA-CACHE, ZKC-CONTROL-REQUESTS.
import type { ProcessContext } from "#engine/core/process.ts";
import { metadataCacheChanged } from "#engine/metadata/zookeeper-controller/zookeeper-controller.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { reply } from "../broker-state.ts";
import { reconfigureTopic } from "../replica-manager.ts";
import { controlRequestError } from "../zookeeper-fencing.ts";
import { updateMetadataCache } from "../zookeeper-metadata-cache.ts";
import { controllerRun, type ZooKeeperNodeState } from "../zookeeper-node-state.ts";

export function handleUpdateMetadata(
  process: ProcessContext, node: ZooKeeperNodeState, body: RequestOf<"UpdateMetadata">, replyTo: ReplyTo<"UpdateMetadata">,
): void {
  const { broker } = node;
  const error = controlRequestError(process, node, "UpdateMetadata", body);
  if (error === "NONE") for (const topic of updateMetadataCache(node, body)) reconfigureTopic(process, broker, topic);
  reply(process, broker, replyTo, { error });
  if (error === "NONE") metadataCacheChanged(controllerRun(process, node));
}
