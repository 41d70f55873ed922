// A record batch of magic 2, encoded once by whoever wrote it and shared by reference from then on. Base offset and partition leader
// epoch lie before the part that the CRC covers, so a leader assigns them without touching the bytes: here they are fields beside
// the shared body. Source: DefaultRecordBatch.java.
import { SharedValue } from "#engine/core/shared-value.ts";

/** Bytes before the records. */
export const BATCH_OVERHEAD_BYTES = 61;
export const NO_PRODUCER_ID = -1;

/** @property body the whole batch as encoded by the producer: base offset 0 and leader epoch -1 stand in its first 16 bytes. */
export interface RecordBatchFields {
  readonly baseOffset: number;
  readonly partitionLeaderEpoch: number;
  readonly lastOffsetDelta: number;
  readonly recordCount: number;
  /** Milliseconds since the world began, as the producer's clock told. */
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly attributes: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** CRC-32C over bytes 21 to the end, as an unsigned integer. */
  readonly crc: number;
  readonly body: Uint8Array;
}

export class RecordBatch extends SharedValue implements RecordBatchFields {
  readonly baseOffset: number;
  readonly partitionLeaderEpoch: number;
  readonly lastOffsetDelta: number;
  readonly recordCount: number;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly attributes: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly crc: number;
  readonly body: Uint8Array;

  constructor(fields: RecordBatchFields, baseOffset: number, partitionLeaderEpoch: number) {
    super();
    this.baseOffset = baseOffset;
    this.partitionLeaderEpoch = partitionLeaderEpoch;
    this.lastOffsetDelta = fields.lastOffsetDelta;
    this.recordCount = fields.recordCount;
    this.baseTimestampMs = fields.baseTimestampMs;
    this.maxTimestampMs = fields.maxTimestampMs;
    this.attributes = fields.attributes;
    this.producerId = fields.producerId;
    this.producerEpoch = fields.producerEpoch;
    this.baseSequence = fields.baseSequence;
    this.crc = fields.crc;
    this.body = fields.body;
  }

  get sizeBytes(): number { return this.body.length; }
  get lastOffset(): number { return this.baseOffset + this.lastOffsetDelta; }
  get nextOffset(): number { return this.baseOffset + this.lastOffsetDelta + 1; }
  get lastSequence(): number { return this.baseSequence === -1 ? -1 : (this.baseSequence + this.lastOffsetDelta) % 2147483648; }

  /** The same batch as a leader of that epoch appends it at that offset. */
  placed(baseOffset: number, partitionLeaderEpoch: number): RecordBatch {
    return new RecordBatch(this, baseOffset, partitionLeaderEpoch);
  }

  digestParts(): readonly number[] {
    return [this.baseOffset, this.partitionLeaderEpoch, this.recordCount, this.crc, this.body.length,
      this.producerId, this.producerEpoch, this.baseSequence];
  }
}
