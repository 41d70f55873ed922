// A process that has a disk and a trace and nothing else: enough to keep a log.
import { createDevice, type Disk, type LogFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import type { Fact } from "#engine/core/trace.ts";
import { DEFAULT_LOG_CONFIG, type LogConfig } from "#engine/log/log-config.ts";
import { openLog, type UnifiedLog } from "#engine/log/unified-log.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { RecordBatchBuilder } from "#engine/protocol/record-batch-codec.ts";

/** @property now may be moved by hand. @property timers what was scheduled: nothing comes due by itself. */
export interface DiskProcess extends ProcessContext {
  now: number;
  readonly facts: Fact[];
  readonly touched: LogFile[];
  readonly timers: { readonly atUs: number; readonly name: string; readonly payload: unknown }[];
}

export function processWithADisk(disk: Disk = new Map()): DiskProcess {
  const facts: Fact[] = [];
  const touched: LogFile[] = [];
  const timers: { atUs: number; name: string; payload: unknown }[] = [];
  const never = (): never => { throw new Error("a log only uses its disk"); };
  const process: DiskProcess = {
    now: 0, name: "broker-1", disk, device: createDevice(), facts, touched, timers, cause: -1, becauseOf: () => {}, random: () => 0,
    schedule: (delayUs, name, payload = null) => timers.push({ atUs: process.now + delayUs, name, payload }),
    cancel: never, connect: never, send: never, close: never, isOpen: never, isPortTaken: never, peer: never, touch: (_path, file) => { touched.push(file); },
    trace: fact => facts.push(fact) - 1, outcome: never, exit: never,
  };
  return process;
}

/** The lines of the node's log, as Kafka prints them. */
export function linesOf(process: DiskProcess): string[] {
  return process.facts.flatMap(fact => {
    const line = fact as { readonly kind: string; readonly level?: string; readonly text?: string; readonly logger?: string };
    return line.kind === "node-log" ? [line.logger === "" ? `${line.text}` : `${line.level} ${line.text} (${line.logger})`] : [];
  });
}

export const CONFIG: LogConfig = DEFAULT_LOG_CONFIG;

export function opened(process: ProcessContext, config: LogConfig = CONFIG, highWatermark = 0): UnifiedLog {
  return openLog(process, { broker: 1, topic: "orders", partition: 0, topicId: "topic-id" }, config, highWatermark);
}

export function batchOf(count: number, stamp: { producerId?: number; producerEpoch?: number; baseSequence?: number } = {}, timestampMs = 1_000): RecordBatch {
  const builder = new RecordBatchBuilder();
  for (let index = 0; index < count; index += 1) builder.append(timestampMs + index, null, `value ${index}`);
  return builder.build({ producerEpoch: 0, ...stamp });
}
