// The metadata log as the recordings show it: offset, epoch, base offset of the batch, type, data, without NO_OP_RECORD; read from the disk of the
// controller that has most of it. And the state of partitions that the controller has.
import type { GoldenWorld } from "../golden-world.ts";
import type { Json, JsonObject } from "../read-recording.ts";
import { observeMetadataLog } from "#engine/cluster/observe-metadata-log.ts";
import { observe } from "#engine/cluster/observe.ts";

/** Records from `from` on, up to what is committed, and where the next look begins. */
export function metadataRecords(world: GoldenWorld, from: number): { readonly records: JsonObject[]; readonly next: number } {
  const logged = observeMetadataLog(world.cluster, { fromOffset: from });
  const records = logged.map(({ offset, batch, epoch, control, record }): JsonObject => ({ offset, epoch, batch, ...control ? controlRecord(record) : plain(record) }));
  const last = logged.at(-1);
  return { records, next: last === undefined ? from : last.offset + 1 };
}

/** Records of the quorum itself: the recorder shows the data of two of them. */
function controlRecord({ type, data }: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }): JsonObject {
  switch (type) {
    case "LeaderChangeMessage": return { type: "CONTROL_LEADER_CHANGE" };
    case "KRaftVersionRecord": return { type: "CONTROL_KRAFT_VERSION", data: { version: 0, kRaftVersion: data["kRaftVersion"] as Json } };
    case "VotersRecord": return { type: "CONTROL_KRAFT_VOTERS", data: { version: 0, voters: (data["voters"] as readonly Voter[]).map(shownVoter) } };
    case "SnapshotHeaderRecord": return { type: "CONTROL_SNAPSHOT_HEADER" };
    case "SnapshotFooterRecord": return { type: "CONTROL_SNAPSHOT_FOOTER" };
    default: return { type: `CONTROL_${type}`, data: plain(data) };
  }
}

interface Voter { readonly nodeId: number; readonly directoryId: string; readonly host: string; readonly port: number }

function shownVoter({ nodeId, directoryId, host, port }: Voter): JsonObject {
  return {
    voterId: nodeId, voterDirectoryId: directoryId, endpoints: [{ name: "CONTROLLER", host, port }],
    kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
  };
}

/** Plain data of the engine as JSON has it. */
function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

/** Topic -> partition -> the controller's registration, for the topics that exist. */
export function controllerState(world: GoldenWorld, topics: readonly string[]): JsonObject {
  const view = observe(world.cluster);
  const shown: Record<string, Json> = {};
  for (const name of topics) {
    const topic = view.topics.find(candidate => candidate.name === name);
    shown[name] = Object.fromEntries((topic?.partitions ?? []).map(partition => [String(partition.partition), {
      leader: partition.leader, leaderEpoch: partition.leaderEpoch, partitionEpoch: partition.partitionEpoch,
      replicas: [...partition.replicas], isr: [...partition.isr], adding: [...partition.addingReplicas ?? []], removing: [...partition.removingReplicas ?? []],
      elr: [...partition.eligibleLeaderReplicas ?? []], lastKnownElr: [...partition.lastKnownLeaders ?? []],
    }]));
  }
  return shown;
}
