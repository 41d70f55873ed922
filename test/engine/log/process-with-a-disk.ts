// A process that has a disk and a trace and nothing else: enough to keep a log.
import { createDevice, type Disk, type LogFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import type { Fact } from "#engine/core/trace.ts";
import { DEFAULT_LOG_CONFIG, type LogConfig } from "#engine/log/log-config.ts";
import { openLog, type UnifiedLog } from "#engine/log/unified-log.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { RecordBatchBuilder } from "#engine/protocol/record-batch-codec.ts";

export interface DiskProcess extends ProcessContext { readonly facts: Fact[]; readonly touched: LogFile[] }

export function processWithADisk(disk: Disk = new Map()): DiskProcess {
  const facts: Fact[] = [];
  const touched: LogFile[] = [];
  const never = (): never => { throw new Error("a log only uses its disk"); };
  return {
    now: 0, name: "broker-1", disk, device: createDevice(), facts, touched, cause: -1, becauseOf: () => {}, random: () => 0, schedule: () => 0, cancel: never, connect: never, send: never, close: never,
    isOpen: never, touch: (_path, file) => { touched.push(file); }, trace: fact => facts.push(fact) - 1, outcome: never, exit: never,
  };
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
