// From an entry of the trace to what a page may see of it: messages become summaries, batches are spelled out, the rest is copied as it is.
import { batchView } from "./batch-view.ts";
import type { Command } from "./commands.ts";
import { isRoutine, summarise } from "./message-summary.ts";
import { isRoutineOfZooKeeper, isZooKeeperTag, summariseZooKeeper, xidOf, type ZooKeeperMessage } from "./zookeeper-message-summary.ts";
import { type ExportedFact, type MessageView, RECORDS_SHOWN_MAX, type ViewFact } from "./view.ts";
import type { AppendOnlyList } from "#engine/core/append-only-list.ts";
import type { CoreFact, MessageFact, TraceEntry } from "#engine/core/trace.ts";
import type { KafkaFact } from "#engine/protocol/facts.ts";
import type { Message } from "#engine/protocol/messages.ts";

export function exportFact(trace: AppendOnlyList<TraceEntry>, entry: TraceEntry): ViewFact {
  const fact = entry.fact as CoreFact | KafkaFact;
  return {
    id: entry.id, at: entry.at, process: entry.process, cause: entry.cause, quiet: isQuiet(trace, entry), fact: exportedFact(fact),
  };
}

function exportedFact(fact: CoreFact | KafkaFact): ExportedFact {
  switch (fact.kind) {
    case "message": return exportMessage(fact);
    case "log-appended":
      return {
        kind: "log-appended", broker: fact.broker, topic: fact.topic, partition: fact.partition, batch: batchView(fact.batch),
        asLeader: fact.asLeader,
      };
    case "command": return { ...fact, command: shownCommand(fact.command as Command) };
    default: return fact;
  }
}

function exportMessage(fact: MessageFact): MessageView {
  const about = isZooKeeperTag(fact.tag)
    ? { correlationId: xidOf(fact.message as ZooKeeperMessage), summary: summariseZooKeeper(fact.message as ZooKeeperMessage) }
    : { correlationId: (fact.message as Message).correlationId, summary: summarise(fact.message as Message) };
  return {
    kind: "message", connection: fact.connection, from: fact.from, to: fact.to, tag: fact.tag, bytes: fact.bytes, arrivesAt: fact.arrivesAt, ...about,
  };
}

/** A send of a million records shows its first ones. */
function shownCommand(command: Command): Command {
  if (command.do !== "send" || command.records.length <= RECORDS_SHOWN_MAX) return command;
  return { ...command, records: command.records.slice(0, RECORDS_SHOWN_MAX) };
}

/** Cheap: decides without making the view. */
export function isQuiet(trace: AppendOnlyList<TraceEntry>, entry: TraceEntry): boolean {
  if (entry.fact.kind !== "message") return false;
  const { tag, message } = entry.fact as MessageFact;
  if (isZooKeeperTag(tag)) return isRoutineOfZooKeeper(message as ZooKeeperMessage);
  const cause = entry.cause < 0 ? undefined : trace.at(entry.cause);
  const afterNews = cause !== undefined && cause.fact.kind !== "message" && cause.fact.kind !== "raft-log";
  return isRoutine(message as Message, afterNews);
}

/** Entries with id >= `from`; the quiet ones only when asked for. */
export function exportFacts(trace: AppendOnlyList<TraceEntry>, from: number, withQuiet: boolean): ViewFact[] {
  const facts: ViewFact[] = [];
  for (let id = Math.max(0, from); id < trace.length; id += 1) {
    const entry = trace.at(id) as TraceEntry;
    if (withQuiet || !isQuiet(trace, entry)) facts.push(exportFact(trace, entry));
  }
  return facts;
}
