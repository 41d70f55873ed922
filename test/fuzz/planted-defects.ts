// Defects that are planted one at a time, to show that the fuzzer finds what it is there to find. Each is a change of the engine's source text, made
// while the module is loaded: the product itself carries no switches. A text that is not found exactly once is an error, so a defect cannot go stale.

export interface PlantedDefect {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** A profile and a seed in which it shows; later seeds are tried when the engine has changed and this one does not show it any more. */
  readonly profile: "3.9 zookeeper" | "3.9 kraft" | "4.3 kraft";
  readonly from: number;
  /** What is found, by the name that stands first. */
  readonly shows: string;
}

export const PLANTED_DEFECTS: readonly PlantedDefect[] = [
  {
    name: "high watermark advances without the slowest ISR member", file: "engine/broker/partition.ts",
    find: "    if (counts) candidate = replica.logEndOffset;",
    replace: "    if (counts && replica !== partition.remoteReplicas[0]) candidate = replica.logEndOffset;",
    profile: "4.3 kraft", from: 4, shows: "high-watermark-is-on-every-in-sync-replica",
  },
  {
    name: "acks=all answered at append", file: "engine/broker/delayed-produce.ts",
    find: "} else if (partition.log.highWatermark >= status.waitsFor) {",
    replace: "} else if (partition.log.logEndOffset >= status.waitsFor) {",
    profile: "4.3 kraft", from: 1, shows: "acknowledged-is-committed",
  },
  {
    name: "ISR expansion before catching up", file: "engine/broker/partition.ts",
    find: "    && replica.logEndOffset >= partition.log.highWatermark && replica.logEndOffset >= partition.leaderEpochStartOffset\n",
    replace: "\n",
    profile: "4.3 kraft", from: 4, shows: "high-watermark-is-on-every-in-sync-replica",
  },
  {
    name: "ZooKeeper session never expires", file: "engine/zookeeper/session-tracker.ts",
    find: "    expired.push({ sessionId, silentForUs: server.process.now - session.lastHeardUs });\n",
    replace: "\n",
    profile: "3.9 zookeeper", from: 1, shows: "availability",
  },
  {
    name: "truncation to the high watermark instead of by epoch", file: "engine/broker/replica-fetcher.ts",
    find: "  cut(process, broker, partition, offset);\n",
    replace: "  cut(process, broker, partition, log.highWatermark);\n",
    profile: "4.3 kraft", from: 4, shows: "committed-is-not-cut",
  },
  {
    name: "raft vote granted twice in a term", file: "engine/raft/raft-elections.ts",
    find: "  if (state.votedFor !== -1) return hasVotedFor(state, body.replicaId, body.replicaDirectoryId);\n",
    replace: "  if (hasVotedFor(state, body.replicaId, body.replicaDirectoryId)) return true;\n",
    profile: "3.9 kraft", from: 24, shows: "one-leader-per-epoch",
  },
  {
    name: "leader epoch not bumped", file: "engine/metadata/apply-record.ts",
    find: "    partition.leaderEpoch += 1;\n", replace: "\n",
    profile: "4.3 kraft", from: 1, shows: "one-leader-per-epoch",
  },
  {
    name: "controller without epoch fencing", file: "engine/broker/zookeeper-fencing.ts",
    find: "  if (body.controllerEpoch < node.controllerEpoch) {\n", replace: "  if (body.controllerEpoch < 0) {\n",
    profile: "3.9 zookeeper", from: 8, shows: "former-controller-is-fenced",
  },
];
