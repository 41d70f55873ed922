// Differences that are known and written down: each is excused by a row of engine/FIDELITY.md that says what the engine does otherwise, and why.
// An excused step counts as skipped, never as passed.
import type { Recording, RecordedStep } from "./read-recording.ts";

/** @property file pattern of the recording's id. @property folder pattern of its folder. @property field pattern of the differing field. */
export interface Excuse {
  readonly row: string;
  readonly file: RegExp;
  readonly folder?: RegExp;
  readonly step?: RegExp;
  readonly field: RegExp;
  readonly why: string;
}

export const EXCUSES: readonly Excuse[] = [
  { row: "BROKER-GROUPS", file: /./, field: /^do:groups$/, why: "a step that a group coordinator answers" },
  { row: "BROKER-GROUPS", file: /./, field: /__consumer_offsets/, why: "the topic of the group coordinators, which a first group would have made" },
  { row: "RAFT-LOG-LINES", file: /^16-controller-failover/, field: /^log/, why: "every change of role with the whole state, hashes of Java objects in it" },
  { row: "LIFE-LOG-LINES", file: /^21-controlled-shutdown/, field: /^log/, why: "services that end" },
  { row: "LOG-LINES", file: /^34-/, step: /^(start|look)/, field: /^log/, why: "the recorder's choice of lines reaches into earlier starts" },
  { row: "TOOLS-TEXT", file: /^23-metadata-records/, step: /kafka-storage\.sh format/, field: /^do$/, why: "what a tool prints" },
  { row: "TOOLS-TEXT", file: /^32-/, step: /is it formatted now|^file "\/var\/kafka/, field: /^do/, why: "which command lines kafka-storage.sh refuses; the recorder's own settings files" },
  { row: "LIFE-STORAGE", file: /^32-/, step: /^look "files"/, field: /^do$/, why: "what a tool has written before the first start" },
  { row: "RAFT-LOG-LINES", file: /^32-/, field: /^log/, why: "lines of the quorum's client" },
  { row: "RAFT-LOG-LINES", file: /^32-/, step: /talk to each other without end/, field: /^do$/, why: "a count of lines" },
  { row: "RAFT-LOG-LINES", file: /^25-/, field: /^result\.log/, step: /wrong cluster|101@localhost:19139|cid\/data|noq\/data/, why: "lines that the quorum's client repeats" },
  { row: "BROKER-GROUPS", file: /^26-/, field: /^observe\.load\.(consumed|duplicates|consumerEvents)/, why: "the group that reads what the producer sends" },
  { row: "BROKER-TRANSACTIONS", file: /./, field: /^do:transactions$/, why: "a step of a transactional producer" },
];

export function excuseFor(recording: Recording, step: RecordedStep, field: string): string | null {
  const text = `${step.action} ${JSON.stringify(step.does[step.action])}`;
  const found = EXCUSES.find(excuse => excuse.file.test(recording.id) && (excuse.folder?.test(recording.name) ?? true)
    && (excuse.step?.test(text) ?? true) && excuse.field.test(field));
  return found?.row ?? null;
}
