// A prediction and what the run showed: the answer counts only when it was given before the fault; the truth is the first change of the
// partition that the fault led to.
import type { PredictionQuestion } from "./define-drill.ts";
import type { Evidence, FaultRecord, GoalState } from "./grade.ts";
import { shown } from "#engine/cluster/author-error.ts";
import type { ClusterView, ViewFact } from "#engine/cluster/view.ts";
import type { ControllerFact } from "#engine/protocol/facts.ts";

type PartitionChange = ControllerFact & { readonly kind: "partition-changed" };
/** @property logEnd of the new leader's log at that moment; -1 when nobody leads. */
interface Truth { readonly fact: ViewFact; readonly leader: number; readonly leaderEpoch: number; readonly isr: readonly number[]; readonly logEnd: number }
interface Told { readonly fact: ViewFact; readonly answer: unknown; readonly tooLate: boolean }

export interface PredictionRecord {
  readonly question: PredictionQuestion;
  answered(fact: ViewFact, answer: unknown, afterFault: boolean): void;
  partitionChanged(fact: ViewFact, change: PartitionChange, fault: FaultRecord | undefined, before: ClusterView): void;
  verdict(fault: FaultRecord, final: boolean): { state: GoalState; detail: string; evidence: readonly Evidence[] };
}

export function gradePrediction(question: PredictionQuestion): PredictionRecord {
  let told: Told | null = null;
  let truth: Truth | null = null;
  return {
    question,
    /** The last answer before the fault counts. */
    answered: (fact, answer, afterFault) => { if (!afterFault || told === null) told = { fact, answer, tooLate: afterFault }; },
    partitionChanged: (fact, change, fault, before) => {
      const { topic, partition } = question.about;
      if (truth !== null || fault === undefined || change.topic !== topic || change.partition !== partition) return;
      truth = { fact, leader: change.leader, leaderEpoch: change.leaderEpoch, isr: change.isr, logEnd: logEndOf(change, before) };
    },
    verdict: (fault, final) => {
      const evidence = evidenceOf(fault, told, truth);
      if (told === null) return { state: "broken", detail: "no prediction was given before the fault", evidence };
      if (told.tooLate) return { state: "broken", detail: "the prediction was given after the fault", evidence };
      if (truth === null) return { state: final ? "broken" : "open", detail: "the fault has changed nothing yet", evidence };
      const wrong = question.fields.filter(field => !sameAnswer(answerOf(told?.answer, field), truth?.[field]));
      return {
        state: wrong.length === 0 ? "met" : "broken", evidence,
        detail: wrong.length === 0 ? `it happened as predicted: ${tell(question, truth)}`
          : wrong.map(field => `${field}: predicted ${shownValue(answerOf(told?.answer, field))}, it is ${shownValue(truth?.[field])}`).join("; "),
      };
    },
  };
}

function evidenceOf(fault: FaultRecord, told: Told | null, truth: { readonly fact: ViewFact } | null): Evidence[] {
  const evidence: Evidence[] = [];
  if (told !== null) evidence.push({ factId: told.fact.id, at: told.fact.at, text: "the prediction" });
  evidence.push({ factId: fault.factId, at: fault.at, text: "the fault" });
  if (truth !== null) evidence.push({ factId: truth.fact.id, at: truth.fact.at, text: "what the cluster decided" });
  return evidence;
}

function answerOf(answer: unknown, field: string): unknown {
  return typeof answer === "object" && answer !== null ? (answer as Readonly<Record<string, unknown>>)[field] : undefined;
}

/** Numbers may come as texts from a form; an ISR is a set. */
function sameAnswer(answer: unknown, truth: unknown): boolean {
  if (!Array.isArray(truth)) return answer !== null && answer !== "" && Number(answer) === truth;
  if (!Array.isArray(answer) || answer.length !== truth.length) return false;
  const numbers = answer.map(Number);
  return truth.every(member => numbers.includes(member as number));
}

function shownValue(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(", ")}]` : shown(value);
}

function tell(question: PredictionQuestion, truth: Truth): string {
  return question.fields.map(field => `${field} ${shownValue(truth[field])}`).join(", ");
}

function logEndOf(change: PartitionChange, view: ClusterView): number {
  const partition = view.topics.find(topic => topic.name === change.topic)?.partitions[change.partition];
  return partition?.logs.find(log => log.broker === change.leader)?.logEnd ?? -1;
}
