// How a follower whose log ends before the leader's begins gets the leader's snapshot, part by part (FetchSnapshot, KIP-630).
// Follows handleFetchSnapshotRequest and handleFetchSnapshotResponse of KafkaRaftClient.java. FIDELITY: RAFT-SNAPSHOT.
import { syncFile } from "#engine/core/disk.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { changingVoters } from "./log-append.ts";
import { metadataLog } from "./metadata-log.ts";
import { RaftBatch } from "./raft-batch.ts";
import { noteVoterIsThere } from "./raft-replication.ts";
import { bytesOf, readSnapshot, Snapshot, storeSnapshot, votersInSnapshot } from "./raft-snapshot.ts";
import { type FollowerRole, knownLeader, latestVoters, leaderEndpoints, type RaftState, type SnapshotDownload } from "./raft-state.ts";

/** MAX_BATCH_SIZE_BYTES of KafkaRaftClient. */
const PART_BYTES_MAX = 8 * 1024 * 1024;

// ---- leader

export function handleFetchSnapshot(process: ProcessContext, state: RaftState, body: RequestOf<"FetchSnapshot">): ResponseOf<"FetchSnapshot"> {
  const { snapshotId, position } = body;
  const refuse = (error: KafkaError): ResponseOf<"FetchSnapshot"> => ({
    throttleTimeMs: 0, error, leaderId: knownLeader(state), leaderEpoch: state.epoch, snapshotId, size: 0, position, records: [],
    nodeEndpoints: leaderEndpoints(state),
  });
  const { role, config } = state;
  if (body.clusterId !== config.clusterId) return refuse("INCONSISTENT_CLUSTER_ID");
  if (body.currentLeaderEpoch < state.epoch) return refuse("FENCED_LEADER_EPOCH");
  if (body.currentLeaderEpoch > state.epoch) return refuse("UNKNOWN_LEADER_EPOCH");
  if (role.role !== "leader") return refuse("NOT_LEADER_OR_FOLLOWER");
  const snapshot = readSnapshot(process.disk, snapshotId);
  if (snapshot === null) return refuse("SNAPSHOT_NOT_FOUND");
  if (position < 0 || position >= snapshot.sizeBytes) return refuse("POSITION_OUT_OF_RANGE");
  noteVoterIsThere(process, state, role, body.replicaId);
  return { ...refuse("NONE"), size: snapshot.sizeBytes, records: partOf(snapshot, position, Math.min(body.maxBytes, PART_BYTES_MAX)), nodeEndpoints: [] };
}

function partOf(snapshot: Snapshot, position: number, maxBytes: number): RaftBatch[] {
  const part: RaftBatch[] = [];
  let at = 0;
  let bytes = 0;
  for (const batch of snapshot.batches) {
    if (at >= position) {
      bytes += batch.sizeBytes;
      if (part.length > 0 && bytes > maxBytes) break;
      part.push(batch);
    }
    at += batch.sizeBytes;
  }
  return part;
}

// ---- follower

export function fetchSnapshotRequest(state: RaftState, download: SnapshotDownload): RequestOf<"FetchSnapshot"> {
  const { clusterId, nodeId, directoryId } = state.config;
  return {
    clusterId, replicaId: nodeId, replicaDirectoryId: directoryId, maxBytes: PART_BYTES_MAX, currentLeaderEpoch: state.epoch, snapshotId: download.id,
    position: download.position,
  };
}

export function handleFetchSnapshotResponse(process: ProcessContext, state: RaftState, body: ResponseOf<"FetchSnapshot">): void {
  const { role } = state;
  if (role.role !== "follower" || role.download === null) return;
  heard(process, state, role);
  const { download } = role;
  if (body.error !== "NONE" || body.snapshotId.endOffset !== download.id.endOffset || body.position !== download.position) {
    // The leader has another one by now: its answer to the next fetch says which.
    role.download = null;
    return;
  }
  const part = body.records.filter(batch => batch instanceof RaftBatch);
  download.batches.push(...part);
  download.size = body.size;
  download.position += bytesOf(part);
  if (download.position < download.size) return;
  role.download = null;
  install(process, state, new Snapshot(download.id, download.batches));
}

function heard(process: ProcessContext, state: RaftState, role: FollowerRole): void {
  role.fetchAtUs = process.now + fromMs(state.config.fetchTimeoutMs);
  role.heardCause = process.cause;
  role.hasFetched = true;
}

/** The snapshot takes the place of the whole log (truncateToLatestSnapshot). */
function install(process: ProcessContext, state: RaftState, snapshot: Snapshot): void {
  const { endOffset, epoch } = snapshot.id;
  invariant(endOffset >= state.highWatermark, `${process.name}: a snapshot ends at ${endOffset}, below the high watermark ${state.highWatermark}`);
  const log = metadataLog(process);
  log.entries.truncate(0);
  log.entries.push(new RaftBatch(endOffset, epoch, true, [], 0));
  syncFile(log);
  storeSnapshot(process, state, snapshot);
  changingVoters(process, state, () => { state.voterHistory = [votersInSnapshot(snapshot, { ...latestVoters(state), offset: -1 })]; });
  state.highWatermark = endOffset;
  state.committedBatches = 1;
  state.snapshotIsNew = true;
  state.bytesSinceSnapshot = 0;
  state.snapshotAtUs = process.now;
}
