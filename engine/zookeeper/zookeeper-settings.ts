// Settings of one server of an ensemble, as zoo.cfg and myid name them. Source: QuorumPeerConfig.java, zookeeperAdmin.md (3.8.4).
// FIDELITY: ZK-SETTINGS.
import type { Settings } from "#engine/cluster/spec.ts";
import { fromMs } from "#engine/core/time.ts";

export interface EnsembleMember { readonly id: number; readonly host: string }

/** What a process of kind "zookeeper-server" is started with. @property overrides lines of zoo.cfg. */
export interface ZooKeeperServerSettings {
  readonly serverId: number;
  readonly host: string;
  readonly servers: readonly EnsembleMember[];
  readonly overrides: Settings;
}

/** The settings that the simulated server knows, with ZooKeeper's names; everything else in `overrides` is ignored. */
const ZOOKEEPER_DEFAULTS = {
  /** zoo_sample.cfg; unset it would be 3000. */
  tickTime: 2000,
  /** Ticks a follower may take to connect and to be brought up to date. */
  initLimit: 10,
  /** Ticks a follower may be silent. */
  syncLimit: 5,
  /** Connections of one host; 0: as many as it likes. */
  maxClientCnxns: 60,
  "4lw.commands.whitelist": "srvr",
  /** zookeeper.forceSync: "no" acknowledges what is only in the page cache. */
  forceSync: "yes",
} as const;

export interface ServerConfig {
  readonly serverId: number;
  readonly host: string;
  readonly servers: readonly EnsembleMember[];
  readonly tickMs: number;
  readonly tickUs: number;
  readonly initLimit: number;
  readonly syncLimit: number;
  readonly maxClientCnxns: number;
  /** Words, or "*". */
  readonly whitelist: readonly string[];
  readonly forceSync: boolean;
}

function numberOf(overrides: Settings, name: "tickTime" | "initLimit" | "syncLimit" | "maxClientCnxns"): number {
  const value = Number(overrides[name] ?? ZOOKEEPER_DEFAULTS[name]);
  return Number.isSafeInteger(value) ? value : ZOOKEEPER_DEFAULTS[name];
}

export function readServerConfig(settings: ZooKeeperServerSettings): ServerConfig {
  const { overrides } = settings;
  const tickMs = numberOf(overrides, "tickTime");
  return {
    serverId: settings.serverId, host: settings.host, servers: settings.servers, tickMs, tickUs: fromMs(tickMs),
    initLimit: numberOf(overrides, "initLimit"), syncLimit: numberOf(overrides, "syncLimit"), maxClientCnxns: numberOf(overrides, "maxClientCnxns"),
    whitelist: String(overrides["4lw.commands.whitelist"] ?? ZOOKEEPER_DEFAULTS["4lw.commands.whitelist"]).split(",").map(word => word.trim()),
    forceSync: String(overrides["forceSync"] ?? ZOOKEEPER_DEFAULTS.forceSync) !== "no",
  };
}

/** ZooKeeperServer.getMinSessionTimeout and getMaxSessionTimeout: 2 and 20 ticks. */
export function negotiatedTimeoutMs(config: ServerConfig, askedMs: number): number {
  return Math.max(2 * config.tickMs, Math.min(20 * config.tickMs, askedMs));
}

/** A majority of the ensemble (QuorumMaj). */
export function isQuorum(config: ServerConfig, count: number): boolean {
  return count > Math.floor(config.servers.length / 2);
}

/** One server alone needs no election (standaloneEnabled). */
export function isStandalone(config: ServerConfig): boolean {
  return config.servers.length === 1;
}

export function isMember(config: ServerConfig, serverId: number): boolean {
  return config.servers.some(({ id }) => id === serverId);
}
