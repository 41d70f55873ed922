// Message tables of the metadata quorum: elections, the quorum's own fetch, snapshots, voters and the description of the quorum. Part of
// MESSAGES (messages.ts). There is one topic partition, __cluster_metadata-0, so its name is left out. A directory id of zeros is not known
// (static voters). FIDELITY: PROTO-SIZE, PROTO-VERSIONS.
import { array, bool, type FieldType, int16, int32, int64, metadataRecords, nullableString, string, struct, uuid } from "./schema.ts";

const error = int16;
const endpoint = struct({ nodeId: int32, host: string, port: int32 });
const listener = struct({ name: string, host: string, port: int32 });
const snapshotId = struct({ endOffset: int64, epoch: int32 });
const replicaState = struct({ replicaId: int32, replicaDirectoryId: uuid, logEndOffset: int64, lastFetchTimestamp: int64, lastCaughtUpTimestamp: int64 });

export const QUORUM_MESSAGES = {
  /** preVote: version 2 (KIP-996). */
  Vote: {
    key: 52, version: 1,
    request: struct({ clusterId: nullableString, voterId: int32, replicaEpoch: int32, replicaId: int32, replicaDirectoryId: uuid, voterDirectoryId: uuid,
      lastOffsetEpoch: int32, lastOffset: int64, preVote: bool }),
    response: struct({ error, leaderId: int32, leaderEpoch: int32, voteGranted: bool, nodeEndpoints: array(endpoint) }),
  },
  BeginQuorumEpoch: {
    key: 53, version: 1,
    request: struct({ clusterId: nullableString, voterId: int32, leaderId: int32, leaderEpoch: int32, voterDirectoryId: uuid,
      leaderEndpoints: array(endpoint) }),
    response: struct({ error, leaderId: int32, leaderEpoch: int32, nodeEndpoints: array(endpoint) }),
  },
  EndQuorumEpoch: {
    key: 54, version: 1,
    request: struct({ clusterId: nullableString, leaderId: int32, leaderEpoch: int32, preferredSuccessors: array(int32),
      leaderEndpoints: array(endpoint) }),
    response: struct({ error, leaderId: int32, leaderEpoch: int32, nodeEndpoints: array(endpoint) }),
  },
  /** Times in milliseconds, -1: never. `nodes`: where the voters listen. */
  DescribeQuorum: {
    key: 55, version: 2,
    request: struct({}),
    response: struct({ error, errorMessage: nullableString, leaderId: int32, leaderEpoch: int32, highWatermark: int64,
      currentVoters: array(replicaState), observers: array(replicaState), nodes: array(struct({ nodeId: int32, listeners: array(listener) })) }),
  },
  /** Fetch as the quorum uses it (ApiKey 1): batches of the metadata log. highWatermark: what the follower knows (version 18, KIP-1166). A snapshotId with an offset says that the log begins later. */
  FetchMetadata: {
    key: 1, version: 17,
    request: struct({ clusterId: nullableString, replicaId: int32, replicaDirectoryId: uuid, maxWaitMs: int32, currentLeaderEpoch: int32,
      fetchOffset: int64, lastFetchedEpoch: int32, highWatermark: int64 }),
    response: struct({ error, leaderId: int32, leaderEpoch: int32, highWatermark: int64, logStartOffset: int64,
      divergingEpoch: struct({ epoch: int32, endOffset: int64 }), snapshotId, records: metadataRecords, nodeEndpoints: array(endpoint) }),
  },
  /** KIP-630. `position` and `size` in bytes. */
  FetchSnapshot: {
    key: 59, version: 1,
    request: struct({ clusterId: nullableString, replicaId: int32, replicaDirectoryId: uuid, maxBytes: int32, currentLeaderEpoch: int32, snapshotId,
      position: int64 }),
    response: struct({ throttleTimeMs: int32, error, leaderId: int32, leaderEpoch: int32, snapshotId, size: int64, position: int64,
      records: metadataRecords, nodeEndpoints: array(endpoint) }),
  },
  /** KIP-853. ackWhenCommitted: version 1 (4.2), false when a controller adds itself. */
  AddRaftVoter: {
    key: 80, version: 0,
    request: struct({ clusterId: nullableString, timeoutMs: int32, voterId: int32, voterDirectoryId: uuid, listeners: array(listener),
      ackWhenCommitted: bool }),
    response: struct({ throttleTimeMs: int32, error, errorMessage: nullableString }),
  },
  RemoveRaftVoter: {
    key: 81, version: 0,
    request: struct({ clusterId: nullableString, voterId: int32, voterDirectoryId: uuid }),
    response: struct({ throttleTimeMs: int32, error, errorMessage: nullableString }),
  },
  UpdateRaftVoter: {
    key: 82, version: 0,
    request: struct({ clusterId: nullableString, currentLeaderEpoch: int32, voterId: int32, voterDirectoryId: uuid, listeners: array(listener),
      kRaftVersionFeature: struct({ minSupportedVersion: int16, maxSupportedVersion: int16 }) }),
    response: struct({ throttleTimeMs: int32, error, currentLeader: struct({ leaderId: int32, leaderEpoch: int32, host: string, port: int32 }) }),
  },
} as const satisfies Record<string, { key: number; version: number; request: FieldType; response: FieldType }>;
