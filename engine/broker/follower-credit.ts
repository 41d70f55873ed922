// What an incremental fetch says of the partitions that it does not name: the follower still has everything, as of its last request. That is noted
// when it begins to matter, before the leader appends. Source: Replica.updateFetchStateOrThrow (3.9), which Kafka calls for every partition of a session.
import type { FetchSessions } from "./fetch-sessions.ts";
import { type Partition, remoteReplica } from "./partition.ts";

export function creditFollowers(sessions: FetchSessions, partition: Partition): void {
  const watching = sessions.watchers.get(partition.topic)?.[partition.partition];
  if (watching === undefined) return;
  const { logEndOffset } = partition.log;
  for (const id of watching) {
    const session = sessions.byId.get(id);
    if (session === undefined || session.replicaId < 0) continue;
    const known = session.partitions.get(partition.topic)?.[partition.partition];
    const replica = remoteReplica(partition, session.replicaId);
    if (known === undefined || known.isOpen || replica === undefined || replica.logEndOffset !== logEndOffset) continue;
    if (session.lastUsedUs > replica.lastCaughtUpUs) replica.lastCaughtUpUs = session.lastUsedUs;
    replica.lastFetchUs = session.lastUsedUs;
    replica.lastFetchLeaderLogEndOffset = logEndOffset;
  }
}
