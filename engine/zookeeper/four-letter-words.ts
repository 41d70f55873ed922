// Four-letter words: what a server says about itself to whoever connects to its client port and sends four letters, when the whitelist allows it.
// Source: org.apache.zookeeper.server.command, NIOServerCnxn.checkFourLetterWord (3.8.4). FIDELITY: ZK-WORDS, ZK-WORDS-MACHINE.
import { toMs } from "#engine/core/time.ts";
import { closeClient } from "./client-connections.ts";
import type { ClientConnection } from "./client-connections-state.ts";
import { createConnectionStats, createServerStats, sendToClient } from "./client-sending.ts";
import type { ExpiryQueue } from "./expiry-queue.ts";
import { javaDateText } from "./java-date.ts";
import { averageText } from "./metrics.ts";
import { monitorText } from "./monitor-text.ts";
import type { Server } from "./server-state.ts";
import { DATA_DIRECTORY, dataDirectoryBytes } from "./transaction-log.ts";
import { membershipText } from "./znode-database.ts";
import { ZOOKEEPER_CLIENT_PORT, ZOOKEEPER_ELECTION_PORT, ZOOKEEPER_QUORUM_PORT } from "./zookeeper-protocol.ts";
import { isStandalone } from "./zookeeper-settings.ts";
import { sessionText, zxidText } from "./zxid.ts";

const ZOOKEEPER_VERSION = "3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12 22:16 UTC";
const NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n";

/** `withoutQuorum`: answers also when the server serves nobody. */
interface Word { readonly withoutQuorum: boolean; readonly text: (server: Server, own: ClientConnection) => string }

const WORDS: ReadonlyMap<string, Word> = new Map<string, Word>([
  ["ruok", { withoutQuorum: true, text: () => "imok" }],
  ["envi", { withoutQuorum: true, text: environmentText }],
  ["isro", { withoutQuorum: true, text: server => server.state.serving ? "rw" : "null" }],
  ["gtmk", { withoutQuorum: true, text: () => String(DEFAULT_TRACE_MASK) }],
  ["srvr", { withoutQuorum: false, text: server => `Zookeeper version: ${ZOOKEEPER_VERSION}\n${statisticsText(server)}` }],
  ["stat", { withoutQuorum: false, text: statText }],
  ["mntr", { withoutQuorum: false, text: server => `zk_version\t${ZOOKEEPER_VERSION}\n${monitorText(server, serverMode(server), nodeCount(server), outstandingRequests(server))}` }],
  ["conf", { withoutQuorum: false, text: configurationText }],
  ["cons", { withoutQuorum: false, text: (server, own) => `${connectionLines(server, own, false)}\n` }],
  ["crst", { withoutQuorum: false, text: resetConnections }],
  ["srst", { withoutQuorum: false, text: resetServer }],
  ["dump", { withoutQuorum: false, text: dumpText }],
  ["dirs", { withoutQuorum: false, text: directoriesText }],
  ["wchs", { withoutQuorum: false, text: watchSummaryText }],
  ["wchc", { withoutQuorum: false, text: server => `${watchesBySessionText(server)}\n` }],
  ["wchp", { withoutQuorum: false, text: server => `${watchesByPathText(server)}\n` }],
  // Digests are logged each 128 transactions of a version of the tree that is not modelled: there are none.
  ["hash", { withoutQuorum: false, text: () => "" }],
]);

/** ZooTrace: client requests, server packets, sessions, warnings. */
const DEFAULT_TRACE_MASK = 306;

/** A word has come on a connection: the answer, then the end of the connection. A word that is none is not answered (its bytes are no length). */
export function fourLetterWordReceived(server: Server, connection: number, word: string): void {
  const { state } = server;
  const client = state.clients.open.get(connection);
  if (client === undefined) return;
  const known = WORDS.get(word);
  if (known === undefined) return closeClient(server, connection, "not a four-letter word");
  state.clients.stats.received += 1;
  client.stats.received += 1;
  sendToClient(server, client, { type: "fourLetterAnswer", text: answerTo(server, client, word, known) });
  closeClient(server, connection, "a four-letter word was answered");
}

function answerTo(server: Server, client: ClientConnection, word: string, known: Word): string {
  const { whitelist } = server.state.config;
  if (!whitelist.includes(word) && !whitelist.includes("*")) return `${word} is not executed because it is not in the whitelist.\n`;
  return server.state.serving || known.withoutQuorum ? known.text(server, client) : NOT_SERVING;
}

// ---- srvr, stat, cons

function serverMode(server: Server): string {
  const { state } = server;
  if (isStandalone(state.config)) return "standalone";
  return state.role === "leading" ? "leader" : "follower";
}

function statisticsText(server: Server): string {
  const { clients, database, leading } = server.state;
  const { stats } = clients;
  const lines = [
    `Latency min/avg/max: ${stats.minLatencyMs}/${averageText(stats.latencySumMs, stats.latencies)}/${stats.maxLatencyMs}`,
    `Received: ${stats.received}`, `Sent: ${stats.sent}`, `Connections: ${clients.open.size}`, `Outstanding: ${outstandingRequests(server)}`,
    `Zxid: ${zxidText(database.lastProcessedZxid)}`, `Mode: ${serverMode(server)}`, `Node count: ${nodeCount(server)}`,
  ];
  if (serverMode(server) === "leader" && leading !== null) {
    const { last, min, max } = leading.proposalSizes;
    lines.push(`Proposal sizes last/min/max: ${last}/${min}/${max}`);
  }
  return `${lines.join("\n")}\n`;
}

/** DataTree keeps the root under two names. */
function nodeCount(server: Server): number {
  return server.state.database.tree.nodes.size + 1;
}

function outstandingRequests(server: Server): number {
  let count = 0;
  for (const client of server.state.clients.open.values()) count += client.queue.length;
  return count;
}

function statText(server: Server, own: ClientConnection): string {
  return `Zookeeper version: ${ZOOKEEPER_VERSION}\nClients:\n${connectionLines(server, own, true)}\n${statisticsText(server)}`;
}

function connectionLines(server: Server, own: ClientConnection, brief: boolean): string {
  return [...server.state.clients.open.values()].map(client => `${connectionText(client, client === own, brief)}\n`).join("");
}

/** ServerCnxn.dumpConnectionInfo. `isOwn`: the connection that asks is not read from while it is answered. */
function connectionText(client: ClientConnection, isOwn: boolean, brief: boolean): string {
  const { stats } = client;
  const counts = `queued=${client.queue.length},recved=${stats.received},sent=${stats.sent}`;
  if (brief || client.sessionId === 0) return ` ${addressText(client)}[${isOwn ? 0 : 1}](${counts})`;
  const lastXid = stats.lastXid >= 0 ? `,lcxid=0x${stats.lastXid.toString(16)}` : "";
  const average = stats.latencies === 0 ? 0 : Math.floor(stats.latencySumMs / stats.latencies);
  const session = `,sid=${sessionText(client.sessionId)},lop=${stats.lastOperation},est=${client.establishedMs},to=${client.timeoutMs}${lastXid}`
    + `,lzxid=${zxidText(Math.max(0, stats.lastZxid))},lresp=${stats.lastResponseMs},llat=${stats.lastLatencyMs},minlat=${stats.minLatencyMs}`
    + `,avglat=${average},maxlat=${stats.maxLatencyMs}`;
  return ` ${addressText(client)}[${isOwn ? 0 : 1}](${counts}${session})`;
}

/** The client's host, and a port of the range that Linux gives to clients. */
function addressText(client: ClientConnection): string {
  return `/${client.host}:${32_768 + client.connection % 28_232}`;
}

function resetConnections(server: Server): string {
  for (const client of server.state.clients.open.values()) Object.assign(client.stats, createConnectionStats());
  return "Connection stats reset.\n";
}

function resetServer(server: Server): string {
  const { clients, leading } = server.state;
  clients.stats = createServerStats();
  if (leading !== null) Object.assign(leading.proposalSizes, { last: -1, min: -1, max: -1 });
  return "Server stats reset.\n";
}

// ---- conf, dirs, envi

function configurationText(server: Server): string {
  const { config } = server.state;
  const bytes = dataDirectoryBytes(server.process.disk);
  const lines = [
    `clientPort=${ZOOKEEPER_CLIENT_PORT}`, "secureClientPort=-1", `dataDir=${DATA_DIRECTORY}`, `dataDirSize=${bytes}`, `dataLogDir=${DATA_DIRECTORY}`,
    `dataLogSize=${bytes}`, `tickTime=${config.tickMs}`, `maxClientCnxns=${config.maxClientCnxns}`, `minSessionTimeout=${2 * config.tickMs}`,
    `maxSessionTimeout=${20 * config.tickMs}`, "clientPortListenBacklog=-1", `serverId=${isStandalone(config) ? 0 : config.serverId}`,
  ];
  if (isStandalone(config)) return `${lines.join("\n")}\n`;
  return [
    ...lines, `initLimit=${config.initLimit}`, `syncLimit=${config.syncLimit}`, "electionAlg=3", `electionPort=${ZOOKEEPER_ELECTION_PORT}`,
    `quorumPort=${ZOOKEEPER_QUORUM_PORT}`, "peerType=0", "membership: ", membershipText(config.servers),
  ].join("\n");
}

function directoriesText(server: Server): string {
  const bytes = dataDirectoryBytes(server.process.disk);
  return `datadir_size: ${bytes}\nlogdir_size: ${bytes}\n`;
}

/** Values of a machine that does not exist here. */
const ENVIRONMENT = [
  "host.name", "java.version", "java.vendor", "java.home", "java.class.path", "java.library.path", "java.io.tmpdir", "java.compiler", "os.name", "os.arch",
  "os.version", "user.name", "user.home", "user.dir", "os.memory.free", "os.memory.max", "os.memory.total",
] as const;

function environmentText(): string {
  return `Environment:\nzookeeper.version=${ZOOKEEPER_VERSION}\n${ENVIRONMENT.map(name => `${name}=...\n`).join("")}`;
}

// ---- dump, wchs, wchc, wchp

function dumpText(server: Server): string {
  const { state, process } = server;
  const { leading, database, clients } = state;
  const sessions = leading === null ? globalSessionsText(server)
    : `Session ${queueText(leading.sessions.queue, process.now, id => `\t${sessionText(id)}\n`)}`;
  const owners = [...database.tree.ephemerals].sort(([a], [b]) => a - b);
  const ephemerals = owners.map(([session, paths]) => `${sessionText(session)}:\n${[...paths].map(path => `\t${path}\n`).join("")}`).join("");
  const connections = queueText(clients.expiry, process.now, id => {
    const client = clients.open.get(id);
    return client === undefined ? "" : `\tip: ${addressText(client)} sessionId: ${client.sessionId === 0 ? "0x0" : sessionText(client.sessionId)}\n`;
  });
  return `SessionTracker dump:\n${sessions}ephemeral nodes dump:\nSessions with Ephemerals (${owners.length}):\n${ephemerals}Connections dump:\nConnections ${connections}`;
}

/** A follower knows the sessions and not their clocks. */
function globalSessionsText(server: Server): string {
  const sessions = [...server.state.database.sessions].sort(([a], [b]) => a - b);
  return `Global Sessions(${sessions.length}):\n${sessions.map(([id, { timeoutMs }]) => `${sessionText(id)}\t${timeoutMs}ms\n`).join("")}`;
}

/** ExpiryQueue.dump. */
function queueText(queue: ExpiryQueue, nowUs: number, line: (id: number) => string): string {
  const buckets = [...queue.buckets].filter(([at]) => at > nowUs).sort(([a], [b]) => a - b);
  const texts = buckets.map(([at, ids]) => `${ids.size} expire at ${javaDateText(toMs(at))}:\n${[...ids].map(line).join("")}`);
  return `Sets (${buckets.length})/(${queue.deadlines.size}):\n${texts.join("")}`;
}

function watchSummaryText(server: Server): string {
  const { dataWatches } = server.state.clients;
  let total = 0;
  for (const paths of dataWatches.paths.values()) total += paths.size;
  return `${dataWatches.paths.size} connections watching ${dataWatches.of.size} paths\nTotal watches:${total}\n`;
}

function watchesBySessionText(server: Server): string {
  const { dataWatches, open } = server.state.clients;
  return [...dataWatches.paths].map(([connection, paths]) =>
    `${sessionText(open.get(connection)?.sessionId ?? 0)}\n${[...paths].map(path => `\t${path}\n`).join("")}`).join("");
}

function watchesByPathText(server: Server): string {
  const { dataWatches, open } = server.state.clients;
  return [...dataWatches.of].map(([path, connections]) =>
    `${path}\n${[...connections].map(connection => `\t${sessionText(open.get(connection)?.sessionId ?? 0)}\n`).join("")}`).join("");
}
