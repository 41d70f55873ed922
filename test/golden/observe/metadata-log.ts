// The metadata log as the recordings show it: offset, epoch, base offset of the batch, type, data, without NO_OP_RECORD; read from the disk of the
// controller that has most of it. And the state of partitions that the controller has.
import type { GoldenWorld } from "../golden-world.ts";
import type { Json, JsonObject } from "../read-recording.ts";
import { metadataRecordJson } from "./metadata-record-json.ts";
import { isController, nodeName } from "#engine/cluster/node-names.ts";
import { observe } from "#engine/cluster/observe.ts";
import type { DiskFile, LogFile } from "#engine/core/disk.ts";
import { METADATA_LOG_PATH } from "#engine/raft/metadata-log.ts";
import { RaftBatch } from "#engine/raft/raft-batch.ts";

/** Records from `from` on, up to the end of the log, and where the next look begins. */
export function metadataRecords(world: GoldenWorld, from: number): { readonly records: JsonObject[]; readonly next: number } {
  const records: JsonObject[] = [];
  let next = from;
  for (const batch of batchesOf(world)) {
    batch.records.forEach((record, index) => {
      const offset = batch.baseOffset + index;
      if (offset < from) return;
      next = Math.max(next, offset + 1);
      const shown = metadataRecordJson(record, batch.control);
      if (shown !== null) records.push({ offset, epoch: batch.epoch, batch: batch.baseOffset, ...shown });
    });
  }
  return { records, next };
}

function batchesOf(world: GoldenWorld): RaftBatch[] {
  const logs = world.spec.nodes.filter(node => isController(world.spec, node)).map(node => {
    const process = world.process(nodeName(world.spec, node));
    return { isAlive: process.status !== "stopped", log: logAt(process.disk.get(METADATA_LOG_PATH)) };
  });
  const ofAny = logs.some(({ isAlive }) => isAlive) ? logs.filter(({ isAlive }) => isAlive) : logs;
  let longest: RaftBatch[] = [];
  for (const { log } of ofAny) if ((log.at(-1)?.nextOffset ?? 0) > (longest.at(-1)?.nextOffset ?? 0)) longest = log;
  return longest;
}

function logAt(file: DiskFile | undefined): RaftBatch[] {
  if (file?.kind !== "log") return [];
  const { entries } = file as LogFile;
  const batches: RaftBatch[] = [];
  for (let index = 0; index < entries.length; index += 1) {
    const batch = entries.at(index);
    if (batch instanceof RaftBatch) batches.push(batch);
  }
  return batches;
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
