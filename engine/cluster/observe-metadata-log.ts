// The metadata log as `kafka-dump-log --cluster-metadata-decoder` shows it: each record with the batch that it is in. Read-only.
import { nodeMemory, nodeProcess } from "./observe-processes.ts";
import type { Cluster } from "./cluster.ts";
import type { NodeSpec } from "./spec.ts";
import { recordText } from "#engine/metadata/record-text.ts";
import type { MetadataRecord } from "#engine/metadata/records.ts";
import { profileOf } from "#engine/protocol/version-profile.ts";
import { METADATA_LOG_PATH } from "#engine/raft/metadata-log.ts";
import type { LogRecord, RaftBatch } from "#engine/raft/raft-batch.ts";

/** @property batch base offset of the batch. @property record `{ type, version, data }` as the dump prints it. */
export interface LoggedRecord {
  readonly offset: number;
  readonly batch: number;
  readonly epoch: number;
  readonly control: boolean;
  readonly record: { readonly type: string; readonly version: number; readonly data: Readonly<Record<string, unknown>> };
}

export interface MetadataLogOptions {
  /** Whose disk is read; absent: the node that knows most of what is committed. */
  readonly node?: number;
  readonly fromOffset?: number;
  /** Also the NO_OP_RECORDs of an idle controller; default false. */
  readonly withNoOps?: boolean;
  /** Also what is not committed yet, as the dump of a file does; default false. Of a stopped node's disk all is shown. */
  readonly withUncommitted?: boolean;
}

/** Records in the order of their offsets. Empty in ZooKeeper mode. */
export function observeMetadataLog(cluster: Cluster, options: MetadataLogOptions = {}): readonly LoggedRecord[] {
  const { spec } = cluster;
  const node = options.node === undefined ? bestInformed(cluster) : spec.nodes.find(({ id }) => id === options.node);
  if (node === undefined) return [];
  const process = nodeProcess(cluster.simulation.world, spec, node);
  const file = process?.disk.get(METADATA_LOG_PATH);
  if (file?.kind !== "log") return [];
  const committed = options.withUncommitted === true ? undefined : nodeMemory(process)?.kraft?.raft.highWatermark;
  const records: LoggedRecord[] = [];
  for (const entry of file.entries) {
    const batch = entry as RaftBatch;
    if (committed !== undefined && batch.baseOffset >= committed) break;
    batch.records.forEach((record, index) => {
      const offset = batch.baseOffset + index;
      if (offset < (options.fromOffset ?? 0) || record.type === "NoOpRecord" && options.withNoOps !== true) return;
      records.push({ offset, batch: batch.baseOffset, epoch: batch.epoch, control: batch.control, record: textOf(cluster, batch, record) });
    });
  }
  return records;
}

function textOf(cluster: Cluster, batch: RaftBatch, record: LogRecord): LoggedRecord["record"] {
  if (!batch.control) return recordText(record as MetadataRecord, profileOf(cluster.spec.kafka, "kraft"));
  const { type, ...data } = record;
  return { type, version: 0, data };
}

/** The active controller, or whoever has come furthest; a stopped node's disk when nobody lives. */
function bestInformed({ spec, simulation }: Cluster): NodeSpec | undefined {
  let best: NodeSpec | undefined;
  let furthest = -1;
  for (const node of spec.nodes) {
    const process = nodeProcess(simulation.world, spec, node);
    const known = nodeMemory(process)?.kraft?.raft.highWatermark ?? (process?.disk.has(METADATA_LOG_PATH) === true ? -0.5 : -1);
    if (known > furthest) { best = node; furthest = known; }
  }
  return best;
}
