// Why a node does not start: mistakes in its server.properties and in its storage, with the lines that a real node logs, as recorded. A pure function
// of properties and storage. Follows KafkaConfig.validateValues, Kafka.buildServer, MetaPropertiesEnsemble.verify (3.9.1, 4.3.1).
// FIDELITY: LIFE-START-FAILURES.
import { isMigrationEnabled } from "#engine/metadata/kraft-settings.ts";
import type { MetaProperties } from "#engine/metadata/node-storage.ts";
import { type KafkaVersion, profileOf } from "#engine/protocol/version-profile.ts";
import { BROKER_PORT, CONTROLLER_PORT, type KafkaNodeSettings } from "./node-settings.ts";

/** Of server.properties, by name; a name that is not there was not set. */
export type ServerProperties = ReadonlyMap<string, string>;

/** @property lines as logged, without the time; the stack frames are left out. */
export interface StartFailure { readonly exitCode: number; readonly lines: readonly string[] }

const EXITING = "ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)";
/** A bug of 3.9: it closes what it could not open. */
const UNOPENED_ACCEPTOR = "Cannot invoke \"java.nio.channels.ServerSocketChannel.close()\" because the return value of \"kafka.network.Acceptor.serverChannel()\" is null";
const PROTOCOLS = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];

/** An exception as it is printed: its line, and one for each cause. */
type Mistake = readonly string[];

function thrown(exception: string, text: string, ...causes: readonly string[]): Mistake {
  return [`${exception}: ${text}`, ...causes.map(cause => `Caused by: ${cause}`)];
}

function missing(name: string, quote: string): Mistake {
  return thrown("org.apache.kafka.common.config.ConfigException", `Missing required configuration ${quote}${name}${quote} which has no default value.`);
}

function requirement(text: string): Mistake {
  return thrown("java.lang.IllegalArgumentException", `requirement failed: ${text}`);
}

/** Null when the node may start. @param storage what is in the log directory; null when it is not formatted */
export function findStartFailure(properties: ServerProperties, kafka: KafkaVersion, storage: MetaProperties | null): StartFailure | null {
  const mistake = findMistake(properties, profileOf(kafka, "kraft").kraftOnly);
  if (mistake !== null) return { exitCode: 1, lines: [EXITING, ...mistake] };
  return properties.has("process.roles") ? storageFailure(properties, storage) : zooKeeperStorageFailure(properties, storage);
}

function findMistake(properties: ServerProperties, kraftOnly: boolean): Mistake | null {
  const roles = partsOf(properties.get("process.roles"));
  if (roles.length === 0) {
    // 3.9 takes the absence for ZooKeeper mode.
    if (kraftOnly) return missing("process.roles", "\"");
    if (!properties.has("zookeeper.connect")) return missing("zookeeper.connect", "`");
  } else if (!kraftOnly && isMigrating(properties) && !properties.has("zookeeper.connect")) {
    return thrown("org.apache.kafka.common.config.ConfigException", "If using `zookeeper.metadata.migration.enable` in KRaft mode, `zookeeper.connect` must also be set.");
  }
  return listenerMistake(properties) ?? (roles.length === 0 ? zooKeeperModeMistake(properties) : quorumMistake(properties, roles, kraftOnly)) ?? advertisedMistake(properties);
}

function isMigrating(properties: ServerProperties): boolean {
  return properties.get("zookeeper.metadata.migration.enable") === "true";
}

/** Without process.roles, settings of a quorum belong to a migration (KIP-866), and a migration needs them. */
function zooKeeperModeMistake(properties: ServerProperties): Mistake | null {
  const controllerListeners = partsOf(properties.get("controller.listener.names"));
  if (!isMigrating(properties)) {
    if (controllerListeners.length === 0) return null;
    return requirement(`controller.listener.names must be empty when not running in KRaft mode: [${controllerListeners.join(", ")}]`);
  }
  if (!properties.has("broker.id") && !properties.has("node.id")) {
    return requirement("broker.id generation is incompatible with ZooKeeper migration. Please stop using it before enabling migration (set broker.id to a value greater or equal to 0).");
  }
  if (!hasQuorum(properties)) return noQuorum("zookeeper.metadata.migration.enable");
  if (controllerListeners.length === 0) return requirement("controller.listener.names must not be empty when running in ZooKeeper migration mode: []");
  const [major = 3, minor = 9] = (properties.get("inter.broker.protocol.version") ?? "3.9").split(/[.-]/).map(Number);
  if (major * 100 + minor < 304) return requirement("Cannot enable ZooKeeper migration without setting 'inter.broker.protocol.version' to 3.4 or higher");
  return null;
}

function hasQuorum(properties: ServerProperties): boolean {
  return ["controller.quorum.voters", "controller.quorum.bootstrap.servers"].some(name => partsOf(properties.get(name)).length > 0);
}

function noQuorum(setting: string): Mistake {
  return thrown("org.apache.kafka.common.config.ConfigException",
    `If using ${setting}, either controller.quorum.bootstrap.servers must contain the set of bootstrap controllers or controller.quorum.voters must contain a parseable set of controllers.`);
}

function quorumMistake(properties: ServerProperties, roles: readonly string[], kraftOnly: boolean): Mistake | null {
  const controllerListeners = partsOf(properties.get("controller.listener.names"));
  if (kraftOnly && !properties.has("controller.listener.names")) return missing("controller.listener.names", "\"");
  const voters = partsOf(properties.get("controller.quorum.voters")).map(voter => voter.split("@")[0] ?? "");
  if (!hasQuorum(properties)) return noQuorum("process.roles");
  const nodeId = properties.get("node.id") ?? "-1";
  const isVoter = voters.includes(nodeId);
  const set = `controller.quorum.voters=Set(${voters.join(", ")})`;
  if (roles.includes("controller")) {
    if (voters.length > 0 && !isVoter) return requirement(`If process.roles contains the 'controller' role, the node id ${nodeId} must be included in the set of voters ${set}`);
    return null;
  }
  if (isVoter) return requirement(`If process.roles contains just the 'broker' role, the node id ${nodeId} must not be included in the set of voters ${set}`);
  if (controllerListeners.length === 0) return requirement("controller.listener.names must contain at least one value when running KRaft with just the broker role");
  if (listenerNames(properties.get("listeners")).some(name => controllerListeners.includes(name))) {
    return requirement("controller.listener.names must not contain a value appearing in the 'listeners' configuration when running KRaft with just the broker role");
  }
  return null;
}

function listenerMistake(properties: ServerProperties): Mistake | null {
  const map = partsOf(properties.get("listener.security.protocol.map")).map(entry => entry.split(":")[0] ?? "");
  const known = map.length === 0 ? [...PROTOCOLS, ...partsOf(properties.get("controller.listener.names"))] : map;
  const listeners = properties.get("listeners");
  const unknown = listenerNames(listeners).find(name => !known.includes(name));
  if (unknown !== undefined) {
    const why = `No security protocol defined for listener ${unknown}`;
    return thrown("java.lang.IllegalArgumentException", `Error creating broker listeners from '${listeners ?? ""}': ${why}`, `java.lang.IllegalArgumentException: ${why}`);
  }
  const between = properties.get("inter.broker.listener.name");
  if (between !== undefined && !known.includes(between)) {
    return thrown("org.apache.kafka.common.config.ConfigException",
      `Listener with name ${between} defined in inter.broker.listener.name not found in listener.security.protocol.map.`);
  }
  return null;
}

function advertisedMistake(properties: ServerProperties): Mistake | null {
  const advertised = properties.get("advertised.listeners") ?? "";
  if (!partsOf(advertised).some(listener => listener.includes("://0.0.0.0:"))) return null;
  return requirement("advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.");
}

function metaPropertiesPath(properties: ServerProperties): string {
  return `${partsOf(properties.get("log.dirs") ?? properties.get("log.dir"))[0] ?? "/tmp/kafka-logs"}/meta.properties`;
}

function otherNode(properties: ServerProperties, stored: number, own: string): Mistake {
  return thrown("java.lang.RuntimeException", `Stored node id ${stored} doesn't match previous node id ${own} in ${metaPropertiesPath(properties)}. `
    + "If you moved your data, make sure your configured node id matches. If you intend to create a new node, you should remove all data in your data directories.");
}

function storageFailure(properties: ServerProperties, storage: MetaProperties | null): StartFailure | null {
  const nodeId = properties.get("node.id") ?? "-1";
  const mistake = storage === null ? thrown("java.lang.RuntimeException", "No readable meta.properties files found.")
    : String(storage.nodeId) !== nodeId ? otherNode(properties, storage.nodeId, nodeId) : null;
  return mistake === null ? null : { exitCode: 1, lines: [EXITING, ...mistake] };
}

/** A ZooKeeper-mode broker formats an empty directory itself. */
function zooKeeperStorageFailure(properties: ServerProperties, storage: MetaProperties | null): StartFailure | null {
  const nodeId = properties.get("broker.id") ?? properties.get("node.id") ?? "-1";
  if (storage !== null && String(storage.nodeId) !== nodeId) return duringStartup(otherNode(properties, storage.nodeId, nodeId));
  return isMigrating(properties) ? controllerProtocolFailure(properties, nodeId) : null;
}

/** The protocol of the controllers' listener is looked up by the listener's name when the map does not have it. */
function controllerProtocolFailure(properties: ServerProperties, nodeId: string): StartFailure | null {
  const map = partsOf(properties.get("listener.security.protocol.map")).map(entry => entry.split(":")[0] ?? "");
  const unknown = partsOf(properties.get("controller.listener.names")).find(name => !PROTOCOLS.includes(name) && !map.includes(name));
  if (unknown === undefined) return null;
  const exception = thrown("java.lang.IllegalArgumentException", `No enum constant org.apache.kafka.common.security.auth.SecurityProtocol.${unknown}`);
  const server = `[KafkaServer id=${nodeId}]`;
  return {
    exitCode: 1, lines: [
      `ERROR ${server} Fatal error during KafkaServer startup. Prepare to shutdown (kafka.server.KafkaServer)`, ...exception,
      `ERROR ${UNOPENED_ACCEPTOR} (kafka.network.DataPlaneAcceptor)`, `java.lang.NullPointerException: ${UNOPENED_ACCEPTOR}`,
      `INFO ${server} shut down completed (kafka.server.KafkaServer)`, "ERROR Exiting Kafka due to fatal exception during startup. (kafka.Kafka$)", ...exception,
    ],
  };
}

/** What a ZooKeeper-mode broker finds out when it has read the cluster's id. */
export function wrongClusterId(properties: ServerProperties, expected: string, read: string): StartFailure {
  return duringStartup(thrown("java.lang.RuntimeException",
    `Invalid cluster.id in: ${metaPropertiesPath(properties)}. Expected ${expected}, but read ${read}`));
}

/** What a broker in KRaft mode says whose first listener's address somebody else has: found out when it has registered and opens it. */
export function portInUse(properties: ServerProperties, kafka: KafkaVersion): StartFailure {
  const { kraftOnly } = profileOf(kafka, "kraft");
  const [name = "PLAINTEXT", address = ""] = (partsOf(properties.get("listeners"))[0] ?? "").split("://");
  const listener = kraftOnly ? name : `ListenerName(${name})`;
  const broker = `[BrokerServer id=${properties.get("node.id") ?? "-1"}]`;
  const bind = [`org.apache.kafka.common.KafkaException: Socket server failed to bind to ${address}: Address already in use.`, "Caused by: java.net.BindException: Address already in use"];
  const acceptor = [`java.lang.RuntimeException: Unable to start acceptor for ${listener}`, ...asCause(bind)];
  const server = ["java.lang.RuntimeException: Received a fatal error while waiting for all of the SocketServer Acceptors to be started", ...asCause(acceptor)];
  return {
    exitCode: 1, lines: [
      `ERROR Unable to start acceptor for ${listener} (kafka.network.DataPlaneAcceptor)`, ...bind,
      `ERROR ${broker} Received a fatal error while waiting for all of the SocketServer Acceptors to be started (kafka.server.BrokerServer)`, ...acceptor,
      `ERROR ${broker} Fatal error during broker startup. Prepare to shutdown (kafka.server.BrokerServer)`, ...server,
      ...kraftOnly ? [] : [`ERROR ${UNOPENED_ACCEPTOR} (kafka.network.DataPlaneAcceptor)`, `java.lang.NullPointerException: ${UNOPENED_ACCEPTOR}`],
      `INFO ${broker} shut down completed (kafka.server.BrokerServer)`, "ERROR Exiting Kafka due to fatal exception during startup. (kafka.Kafka$)", ...server,
    ],
  };
}

function asCause([first = "", ...causes]: Mistake): Mistake {
  return [`Caused by: ${first}`, ...causes];
}

/** A failure after KafkaServer.startup has begun is logged before and after the shutdown. */
function duringStartup(lines: Mistake): StartFailure {
  return {
    exitCode: 1, lines: ["ERROR Fatal error during KafkaServer startup. Prepare to shutdown (kafka.server.KafkaServer)", ...lines,
      "INFO shut down completed (kafka.server.KafkaServer)", "ERROR Exiting Kafka due to fatal exception during startup. (kafka.Kafka$)", ...lines],
  };
}

function partsOf(value: string | undefined): string[] {
  return (value ?? "").split(",").map(part => part.trim()).filter(part => part !== "");
}

function listenerNames(listeners: string | undefined): string[] {
  return partsOf(listeners).map(listener => listener.split("://")[0] ?? "");
}

/** The server.properties that a node's settings stand for. An override that is empty takes a line away. */
export function serverProperties(settings: KafkaNodeSettings): Map<string, string> {
  const { nodeId, host, mode, roles, quorum, isQuorumDynamic, zookeeperConnect, overrides } = settings;
  const properties = new Map<string, string>([["log.dirs", "/tmp/kafka-logs"]]);
  if (mode === "kraft") {
    properties.set("process.roles", roles.join(",")).set("node.id", String(nodeId)).set("controller.listener.names", "CONTROLLER");
    properties.set("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
    if (isQuorumDynamic) properties.set("controller.quorum.bootstrap.servers", quorum.map(peer => `${peer.host}:${peer.port}`).join(","));
    else properties.set("controller.quorum.voters", quorum.map(peer => `${peer.nodeId}@${peer.host}:${peer.port}`).join(","));
  } else {
    properties.set("broker.id", String(nodeId));
    if (isMigrationEnabled(settings)) {
      properties.set("controller.listener.names", "CONTROLLER").set("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
    }
    if (zookeeperConnect.length > 0) properties.set("zookeeper.connect", zookeeperConnect.map(server => `${server.host}:${server.port}`).join(","));
  }
  const listeners = mode === "zookeeper" || roles.includes("broker") ? [`PLAINTEXT://${host}:${BROKER_PORT}`] : [];
  if (mode === "kraft" && roles.includes("controller")) listeners.push(`CONTROLLER://${host}:${CONTROLLER_PORT}`);
  properties.set("listeners", listeners.join(","));
  for (const name of Object.keys(overrides)) {
    const value = String(overrides[name]);
    if (value === "") properties.delete(name);
    else properties.set(name, value);
  }
  return properties;
}
