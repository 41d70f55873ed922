// Answers of ZooKeeper's four-letter words. The recordings call random: counts, latencies, addresses of clients, sessions, transaction ids, and which
// server leads. What stays exact is every line and its key, the settings, the znodes that are ephemeral, and the sentences.
import type { Json } from "../read-recording.ts";

/** Lines of `conf` whose numbers are settings; the others name ports and folders of a machine. */
const SETTINGS = /^(tickTime|maxClientCnxns|minSessionTimeout|maxSessionTimeout|clientPortListenBacklog|initLimit|syncLimit|electionAlg|peerType|secureClientPort|version)=/;

export function normalisedFourLetterText(value: Json): Json {
  if (typeof value !== "string") return value;
  const lines = value.split("\n").map(normalisedLine);
  // Metrics come in the order of a hash map, sessions in that of their ids: both sides as sets of lines.
  if (value.startsWith("zk_version") || value.startsWith("SessionTracker dump")) return [...new Set(lines)].sort().join("\n");
  // How many clients and sessions there are is random: a run of lines of one shape stands for all.
  return lines.filter((line, index) => index === 0 || line !== lines[index - 1] || line === "").join("\n");
}

function normalisedLine(line: string): string {
  if (/zookeeper version|zookeeper\.version|zk_version|not executed|not currently serving/i.test(line)) return line;
  if (SETTINGS.test(line)) return line;
  if (/^(dataDir|dataLogDir)=/.test(line)) return line.replace(/=.*/, "=folder");
  if (/^server\.\d+=/.test(line)) return line.replace(/=[^:]*:\d+:\d+/, "=host:port:port");
  if (/^ \/|^\tip: /.test(line)) return line.startsWith(" ") ? " /client" : "\tip: client";
  return line.replace(/\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \w+ \d{4}/g, "date").replace(/0x[0-9a-f]+/g, "0xN")
    .replace(/-?\d+(\.\d+)?(E-?\d+)?/g, "N").replace(/N connections/, "N connections");
}
