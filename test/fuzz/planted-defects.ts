// Defects that are planted one at a time, to show that the fuzzer finds what it is there to find. Each is a change of the engine's source text, made
// while the module is loaded: the product itself carries no switches. A text that is not found exactly once is an error, so a defect cannot go stale.

export interface PlantedDefect {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The profile in which it can show; absent: any. */
  readonly profile?: "3.9 zookeeper" | "3.9 kraft" | "4.3 kraft";
}

export const PLANTED_DEFECTS: readonly PlantedDefect[] = [
  {
    name: "high watermark advances without the slowest ISR member", file: "engine/broker/partition.ts",
    find: "    if (counts) candidate = replica.logEndOffset;",
    replace: "    if (counts && replica !== partition.remoteReplicas[0]) candidate = replica.logEndOffset;",
  },
  {
    name: "acks=all answered at append", file: "engine/broker/delayed-produce.ts",
    find: "} else if (partition.log.highWatermark >= status.waitsFor) {",
    replace: "} else if (partition.log.logEndOffset >= status.waitsFor) {",
  },
  {
    name: "ISR expansion before catching up", file: "engine/broker/partition.ts",
    find: "    && replica.logEndOffset >= partition.log.highWatermark && replica.logEndOffset >= partition.leaderEpochStartOffset\n",
    replace: "\n",
  },
];
