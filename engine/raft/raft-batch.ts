// A batch of the quorum's log: records of one batch are atomic, offsets consecutive. The quorum does not look inside the records; it adds
// control records of its own. FIDELITY: META-RECORDS (typed objects instead of bytes; sizes are estimates).
import { SharedValue } from "#engine/core/shared-value.ts";

/** A node of the quorum and where its controller listens. */
export interface RaftPeer { readonly nodeId: number; readonly host: string; readonly port: number }
/** @property directoryId of the voter's metadata directory; `NO_DIRECTORY` in a static quorum. */
export interface Voter extends RaftPeer { readonly directoryId: string }

/** Any record; the metadata layer narrows it. */
export interface LogRecord { readonly type: string }

/** Written by a new leader as the first record of its epoch. */
export interface LeaderChangeMessage extends LogRecord {
  readonly type: "LeaderChangeMessage";
  readonly leaderId: number;
  readonly voters: readonly number[];
  readonly grantingVoters: readonly number[];
}

/** KIP-853: the quorum's voters stand in the log from kraft.version 1 on. */
export interface KRaftVersionRecord extends LogRecord { readonly type: "KRaftVersionRecord"; readonly kRaftVersion: 0 | 1 }
/** All voters, each time one is added or removed. */
export interface VotersRecord extends LogRecord { readonly type: "VotersRecord"; readonly voters: readonly Voter[] }

/** First and last record of a snapshot (KIP-630). */
export interface SnapshotHeaderRecord extends LogRecord { readonly type: "SnapshotHeaderRecord"; readonly lastContainedLogTimestamp: number }
export interface SnapshotFooterRecord extends LogRecord { readonly type: "SnapshotFooterRecord" }

/** A batch without records stands for everything that a log has given up: it only says where the log begins, and in which epoch. */
export class RaftBatch extends SharedValue {
  readonly baseOffset: number;
  readonly epoch: number;
  readonly control: boolean;
  readonly records: readonly LogRecord[];
  readonly appendTimeMs: number;

  constructor(baseOffset: number, epoch: number, control: boolean, records: readonly LogRecord[], appendTimeMs: number) {
    super();
    this.baseOffset = baseOffset;
    this.epoch = epoch;
    this.control = control;
    this.records = records;
    this.appendTimeMs = appendTimeMs;
  }

  get lastOffset(): number { return this.baseOffset + this.records.length - 1; }
  get nextOffset(): number { return this.baseOffset + this.records.length; }
  /** Batch overhead, and about 40 bytes a record (recorded dumps show 17 to 110). */
  get sizeBytes(): number { return 61 + 40 * this.records.length; }

  digestParts(): readonly (number | string)[] {
    return [this.baseOffset, this.epoch, this.appendTimeMs, ...this.records.map(record => record.type)];
  }
}
