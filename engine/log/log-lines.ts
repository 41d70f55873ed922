// Lines of a node's log that the storage layer writes, as Kafka words them. A line causes nothing: what follows keeps its own cause.
// FIDELITY: LOG-LINES.
import type { ProcessContext } from "#engine/core/process.ts";

export type LogLevel = "INFO" | "WARN" | "ERROR";

/** `logger`: the class that Kafka prints behind the text; "" for a line of an exception. */
export function logLine(process: ProcessContext, node: number, level: LogLevel, text: string, logger: string): void {
  const { cause } = process;
  process.trace({ kind: "node-log", node, level, text, logger });
  process.becauseOf(cause);
}
