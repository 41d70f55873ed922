// A leader asks for another list of in-sync replicas; the controller checks and writes it. When that completes a reassignment, the same record
// says so. Follows ReplicationControlManager.alterPartition and validateAlterPartitionData (3.9), check by check. FIDELITY: META-REASSIGNMENT.
import { errorResponse } from "#engine/protocol/error-response.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import { brokerEpochError } from "./broker-registrations.ts";
import { answerOnly, type Decision, type OperationContext } from "./controller-state.ts";
import type { PartitionRegistration, TopicImage } from "./image.ts";
import { buildPartitionChange } from "./partition-change-builder.ts";
import { isActiveBroker, isUncleanElectionEnabled, mayLead, wishFor } from "./partition-leadership.ts";
import type { LeaderRecoveryState, MetadataRecord } from "./records.ts";

type Request = RequestOf<"AlterPartition">;
type Wish = Request["topics"][number]["partitions"][number];
interface Answer {
  readonly partition: number; readonly error: KafkaError; readonly leaderId: number; readonly leaderEpoch: number;
  readonly isr: readonly number[]; readonly leaderRecoveryState: number; readonly partitionEpoch: number;
}

const NO_BROKER_EPOCH = -1;

function recoveryStateOf(code: number): LeaderRecoveryState {
  return code === 1 ? "RECOVERING" : "RECOVERED";
}

export function alterPartition(context: OperationContext, request: Request): Decision<"AlterPartition"> {
  const stale = brokerEpochError(context, request.brokerId, request.brokerEpoch);
  if (stale !== "NONE") return answerOnly(errorResponse("AlterPartition", request, stale));
  const records: MetadataRecord[] = [];
  const topics = request.topics.map(({ topic: name, partitions }) => {
    const topic = context.image.topics.get(name);
    const answers = partitions.map(wish => {
      const partition = topic?.partitions[wish.partition];
      if (topic === undefined || partition === undefined) return refusal(wish, "UNKNOWN_TOPIC_OR_PARTITION");
      const error = validate(context, request.brokerId, partition, wish);
      if (error !== "NONE") return refusal(wish, error);
      return change(context, topic, partition, wish, records);
    });
    return { topic: name, partitions: answers };
  });
  return {
    records, reason: { partitions: null, silentForUs: 0 },
    response: { throttleTimeMs: 0, error: "NONE", topics },
  };
}

function refusal(wish: Wish, error: KafkaError): Answer {
  return { partition: wish.partition, error, leaderId: -1, leaderEpoch: -1, isr: [], leaderRecoveryState: 0, partitionEpoch: -1 };
}

/** The order of the checks decides which error a leader sees. */
function validate(context: OperationContext, brokerId: number, partition: PartitionRegistration, wish: Wish): KafkaError {
  // A leader that knows more than this controller has heard of a newer one.
  if (wish.leaderEpoch > partition.leaderEpoch || wish.partitionEpoch > partition.partitionEpoch) return "NOT_CONTROLLER";
  if (wish.leaderEpoch < partition.leaderEpoch) return "FENCED_LEADER_EPOCH";
  if (brokerId !== partition.leader) return "INVALID_REQUEST";
  if (wish.partitionEpoch < partition.partitionEpoch) return "INVALID_UPDATE_VERSION";
  const isr = wish.newIsr.map(member => member.brokerId);
  const isSubset = isr.every((broker, index) => partition.replicas.includes(broker) && isr.indexOf(broker) === index);
  if (!isSubset || !isr.includes(partition.leader)) return "INVALID_REQUEST";
  const recovery = recoveryStateOf(wish.leaderRecoveryState);
  if (recovery === "RECOVERING" && (isr.length > 1 || partition.leaderRecoveryState === "RECOVERED")) return "INVALID_REQUEST";
  const isEligible = wish.newIsr.every(member => isActiveBroker(context.image, member.brokerId)
    && (member.brokerEpoch === NO_BROKER_EPOCH || context.image.brokers.get(member.brokerId)?.brokerEpoch === member.brokerEpoch));
  return isEligible ? "NONE" : "INELIGIBLE_REPLICA";
}

function change(context: OperationContext, topic: TopicImage, partition: PartitionRegistration, wish: Wish, records: MetadataRecord[]): Answer {
  const record = buildPartitionChange(partition, {
    ...wishFor(context, topic, isUncleanElectionEnabled(context, topic) ? "unclean" : "online"), targetIsr: wish.newIsr.map(member => member.brokerId),
    isAcceptable: broker => mayLead(context.image, partition, broker), leaderRecoveryState: recoveryStateOf(wish.leaderRecoveryState),
  });
  if (record !== null) records.push(record);
  // The change has completed a reassignment, and the leader was one that had to go: it learns so, although what it asked for is written.
  if (record?.leader !== undefined && record.leader !== partition.leader) return refusal(wish, "NEW_LEADER_ELECTED");
  return {
    partition: wish.partition, error: "NONE", leaderId: record?.leader ?? partition.leader,
    leaderEpoch: partition.leaderEpoch + (record?.leader === undefined ? 0 : 1), isr: record?.isr ?? partition.isr,
    leaderRecoveryState: wish.leaderRecoveryState, partitionEpoch: partition.partitionEpoch + (record === null ? 0 : 1),
  };
}
