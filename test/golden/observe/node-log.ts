// Lines of the nodes' own logs, from the facts that the nodes write: as the recorder shows them, with a time in brackets or without.
import type { GoldenWorld } from "../golden-world.ts";
import type { Json } from "../read-recording.ts";

interface LogFact { readonly kind: "node-log"; readonly node: number; readonly level: string; readonly text: string; readonly logger: string }
interface EndFact { readonly kind: "node-failed"; readonly node: number; readonly exitCode: number; readonly text: string }

export interface NodeLine { readonly node: number; readonly line: string }

/** Everything that nodes have logged since that entry of the trace. */
export function linesSince(world: GoldenWorld, fromEntry: number): NodeLine[] {
  const { trace } = world.cluster.simulation.world;
  const lines: NodeLine[] = [];
  for (let index = fromEntry; index < trace.length; index += 1) {
    const fact = trace.at(index)?.fact as LogFact | EndFact | { readonly kind: "other" };
    if (fact.kind === "node-log") lines.push({ node: fact.node, line: fact.logger === "" ? fact.text : `${fact.level} ${fact.text} (${fact.logger})` });
    if (fact.kind === "node-failed") for (const line of fact.text.split("\n")) lines.push({ node: fact.node, line });
  }
  return lines;
}

const TIME = "[2000-01-01 00:00:00,000] ";

/** In the shape of the recorded lines: a list, or node -> list. */
export function shownLines(lines: readonly NodeLine[], real: Json | undefined): Json {
  const recorded = Array.isArray(real) ? real : typeof real === "object" && real !== null ? Object.values(real).flat() : [];
  const hasTimes = recorded.some(line => typeof line === "string" && line.startsWith(TIME));
  const shown = (line: string): string => hasTimes && /^(INFO|WARN|ERROR|FATAL) /.test(line) ? `${TIME}${line}` : line;
  if (Array.isArray(real) || real === undefined) return lines.map(({ line }) => shown(line));
  return Object.fromEntries(Object.keys(real as object).map(node => [node, lines.filter(line => line.node === Number(node)).map(({ line }) => shown(line))]));
}
