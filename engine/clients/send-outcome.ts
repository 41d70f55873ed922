// The answer to a call of send(): where each record went. A call may carry a million records, and most callers look at none of the places, so they are
// worked out when they are asked for; what is kept are the runs of offsets that the batches got. FIDELITY: CLIENT-SEND-CALL.
import type { OutgoingRecord, SentRecord } from "#engine/cluster/commands.ts";
import { SharedValue } from "#engine/core/shared-value.ts";
import type { ChosenPartitions, Run, SendCall } from "./producer-state.ts";

/** An Outcome of commands.ts whose `value` is made on the way to its reader. */
export class SendOutcome extends SharedValue {
  readonly call: number;
  readonly at: number;
  readonly ok = true;
  readonly #topic: string;
  readonly #runs: readonly Run[];
  readonly #chosen: readonly ChosenPartitions[];
  readonly #records: readonly OutgoingRecord[];

  /** The call is over: nobody changes its runs any more. */
  constructor(call: SendCall, at: number) {
    super();
    this.call = call.call;
    this.at = at;
    this.#topic = call.topic;
    this.#runs = call.runs;
    this.#chosen = call.chosen;
    this.#records = call.records.list;
  }

  /** In the order of the call: within a partition, records lie in the order of the runs. */
  get value(): SentRecord[] {
    const runs = runsByPartition(this.#runs);
    const at: number[] = runs.map(() => 0);
    const used: number[] = runs.map(() => 0);
    const sent: SentRecord[] = [];
    for (const { list } of this.#chosen) {
      for (const partition of list) {
        const ofPartition = runs[partition] as Run[];
        let run = ofPartition[at[partition] as number] as Run;
        if (used[partition] === run.count) {
          run = ofPartition[at[partition] = (at[partition] as number) + 1] as Run;
          used[partition] = 0;
        }
        const within = used[partition] as number;
        used[partition] = within + 1;
        const { timestampMs } = this.#records[sent.length] as OutgoingRecord;
        sent.push({
          topic: this.#topic, partition, offset: run.baseOffset < 0 ? -1 : run.baseOffset + within,
          timestampMs: run.logAppendTimeMs >= 0 ? run.logAppendTimeMs : timestampMs ?? run.timestampMs,
        });
      }
    }
    return sent;
  }

  digestParts(): readonly (number | string)[] {
    return [this.call, this.at, this.#topic, ...this.#runs.flatMap(({ partition, count, baseOffset, logAppendTimeMs }) => [partition, count, baseOffset, logAppendTimeMs])];
  }
}

function runsByPartition(all: readonly Run[]): Run[][] {
  const runs: Run[][] = [];
  for (const run of all.slice().sort((a, b) => a.order - b.order)) (runs[run.partition] ??= []).push(run);
  return runs;
}
