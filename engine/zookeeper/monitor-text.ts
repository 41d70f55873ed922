// The text of `mntr`: what this server is, what it holds, what it has counted. Source: MonitorCommand.java, QuorumZooKeeperServer.dumpMonitorValues,
// LeaderZooKeeperServer.dumpMonitorValues (3.8.4). FIDELITY: ZK-MNTR.
import { toMs } from "#engine/core/time.ts";
import type { WatchTable } from "./client-connections-state.ts";
import { averageText, metricLines } from "./metrics.ts";
import type { Leading, Server } from "./server-state.ts";
import { isStandalone } from "./zookeeper-settings.ts";

/** Of the machine that was recorded. */
const MAX_FILE_DESCRIPTORS = 20_000;

type Line = readonly [string, string | number];

export function monitorText(server: Server, mode: string, nodes: number, outstanding: number): string {
  const { leading, metrics, config } = server.state;
  const leader = mode === "leader" ? leading : null;
  const lines: Line[] = [
    ["server_state", mode], ...isStandalone(config) ? [] : [["peer_state", leader === null ? "following - broadcast" : "leading - broadcast"] as const],
    ...stateLines(server, leader, nodes, outstanding),
  ];
  const learners = leader === null ? [] : [...leader.learners.values()].map(({ serverId }) => serverId).sort((one, other) => one - other);
  return `${[...lines.map(([name, value]) => `zk_${name}\t${value}`), ...metricLines(metrics, learners)].join("\n")}\n`;
}

/** Gauges, in the order of a recorded server; those of a leader stand between the others. */
function stateLines(server: Server, leader: Leading | null, nodes: number, outstanding: number): Line[] {
  const { state, process } = server;
  const { clients, database, config } = state;
  const { stats } = clients;
  const ofLeader = (...lines: readonly Line[]): readonly Line[] => leader === null ? [] : lines;
  const synced = leader === null ? 0 : [...leader.learners.values()].filter(({ phase }) => phase === "synchronized").length;
  let ephemerals = 0;
  for (const paths of database.tree.ephemerals.values()) ephemerals += paths.size;
  return [
    ["ephemerals_count", ephemerals], ["avg_latency", averageText(stats.latencySumMs, stats.latencies)], ["num_alive_connections", clients.open.size],
    ...ofLeader(["min_proposal_size", leader?.proposalSizes.min ?? -1]),
    ["outstanding_requests", outstanding], ["znode_count", nodes], ["global_sessions", database.sessions.size], ["non_mtls_remote_conn_count", 0],
    ["last_client_response_size", stats.lastResponseBytes], ["packets_sent", stats.sent], ["packets_received", stats.received],
    ...ofLeader(["max_proposal_size", leader?.proposalSizes.max ?? -1]),
    ["max_client_response_size", stats.maxResponseBytes], ...ofLeader(["synced_followers", synced]),
    ["connection_drop_probability", "0.0"], ["watch_count", watchCount(clients.dataWatches) + watchCount(clients.childWatches)],
    ...ofLeader(["synced_non_voting_followers", 0], ["synced_observers", 0]), ["auth_failed_count", 0], ["min_latency", stats.minLatencyMs],
    ["max_file_descriptor_count", MAX_FILE_DESCRIPTORS], ["approximate_data_size", database.tree.dataBytes],
    ["open_file_descriptor_count", openDescriptors(server)],
    ...ofLeader(["last_proposal_size", leader?.proposalSizes.last ?? -1], ["pending_syncs", leader?.pendingSyncs.length ?? 0],
      ["leader_uptime", toMs(process.now - state.ledSinceUs)]),
    ["local_sessions", 0], ["uptime", toMs(process.now - state.startedUs)], ["max_latency", stats.maxLatencyMs], ["outstanding_tls_handshake", 0],
    ...ofLeader(["learners", leader?.learners.size ?? 0]),
    ["min_client_response_size", stats.minResponseBytes], ["non_mtls_local_conn_count", 0],
    ...isStandalone(config) ? [] : [["quorum_size", config.servers.length] as const],
  ];
}

function watchCount(table: WatchTable): number {
  let count = 0;
  for (const watchers of table.of.values()) count += watchers.size;
  return count;
}

/** Sockets and the log: what the simulated process has open; a JVM's own are not counted. */
function openDescriptors(server: Server): number {
  const { clients, election, following, leading } = server.state;
  const votes = [...election.peers.values()].filter(({ connection }) => connection !== 0).length;
  return 3 + 1 + clients.open.size + votes + (following === null ? 0 : 1) + (leading?.learners.size ?? 0);
}
