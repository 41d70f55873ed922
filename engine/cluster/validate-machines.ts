// Checks the machines of a cluster spec: the profile (release and mode), the nodes with their roles, the servers of the ensemble. Even numbers of
// voters are allowed: that they gain nothing is worth seeing.
import { AuthorError, didYouMean, shown } from "./author-error.ts";
import { NODE_SETTINGS, readSettings, ZOOKEEPER_SETTINGS } from "./known-settings.ts";
import { isBroker, isController, rolesOf } from "./node-names.ts";
import { duplicate, type Fields, readBoolean, readInteger, readList, readName, readObject, readOneOf, readText } from "./read-input.ts";
import type { NodeRole, NodeSpec, ZooKeeperServerSpec } from "./spec.ts";
import { type ClusterMode, findProfile, PROFILES } from "#engine/protocol/version-profile.ts";

/** Nodes and ZooKeeper servers together. Without a page thirty processes run well; a page draws about ten. */
export const PROCESSES_MAX = 30;
export const NODE_ID_MAX = 1000;
/** Replicas of one partition: each on a broker of its own. */
export const REPLICAS_MAX = PROCESSES_MAX;
/** myid of ZooKeeper (QuorumPeerConfig). */
export const SERVER_ID_MAX = 255;

/** Checks `kafka`, `mode`, `nodes`, `zookeeper` and `quorum` of a spec. Gives the ids of the brokers that start with the cluster. */
export function validateMachines(where: string, fields: Fields): readonly number[] {
  const mode = validateProfile(where, fields);
  const nodes = validateNodes(`${where}.nodes`, fields["nodes"], mode);
  const servers = validateEnsemble(`${where}.zookeeper`, fields["zookeeper"], mode);
  if (nodes.length + servers.length > PROCESSES_MAX) readList(`${where}.nodes`, [...nodes, ...servers], 1, PROCESSES_MAX);
  validateQuorum(where, fields, nodes, mode);
  const brokers = nodes.filter(node => isBroker({ mode }, node) && node.startsLater !== true);
  if (brokers.length > 0) return brokers.map(({ id }) => id);
  throw new AuthorError({
    code: "missing-key", where: `${where}.nodes`, what: "no broker starts with the cluster", expected: "at least one node with the role \"broker\"",
    found: nodes.some(node => isBroker({ mode }, node)) ? "brokers that all start later" : "controllers alone",
    cure: "Add a broker, such as { \"id\": 1, \"host\": \"cpu-node1\", \"roles\": [\"broker\"] }.",
  });
}

function validateProfile(where: string, fields: Fields): ClusterMode {
  const { kafka, mode } = fields;
  const pairs = PROFILES.map(profile => `${profile.kafka} ${profile.mode}`);
  const profile = findProfile(String(kafka), String(mode));
  if (profile !== null && typeof kafka === "string") return profile.mode;
  const isVersionKnown = PROFILES.some(known => known.kafka === kafka);
  const code = (isVersionKnown ? mode : kafka) === undefined ? "missing-key" : "unknown-value";
  throw new AuthorError({
    code, where: isVersionKnown ? `${where}.mode` : `${where}.kafka`,
    what: kafka === "4.3" && mode === "zookeeper" ? "Kafka 4 has no ZooKeeper mode" : `there is no profile ${shown(kafka)} with mode ${shown(mode)}`,
    expected: `"kafka" and "mode" as one of the profiles ${pairs.join(", ")}`, found: `${shown(kafka)} and ${shown(mode)}`,
    cure: didYouMean(`${String(kafka)} ${String(mode)}`, pairs, "Write \"kafka\": \"3.9\" and \"mode\": \"kraft\"."),
  });
}

function validateNodes(where: string, value: unknown, mode: ClusterMode): readonly NodeSpec[] {
  const nodes: NodeSpec[] = [];
  for (const [index, item] of readList(where, value, 1, PROCESSES_MAX).entries()) {
    const at = `${where}[${index}]`;
    const fields = readObject(at, item, ["id", "host", "rack", "roles", "settings", "startsLater", "storage"]);
    const id = readInteger(`${at}.id`, fields["id"], 1, NODE_ID_MAX);
    readName(`${at}.host`, fields["host"]);
    if (fields["rack"] !== undefined) readText(`${at}.rack`, fields["rack"], 100);
    if (fields["roles"] !== undefined) validateRoles(`${at}.roles`, fields["roles"], mode);
    if (fields["settings"] !== undefined) readSettings(`${at}.settings`, fields["settings"], NODE_SETTINGS, "broker or controller");
    if (fields["startsLater"] !== undefined) readBoolean(`${at}.startsLater`, fields["startsLater"]);
    if (fields["storage"] !== undefined) validateStorage(`${at}.storage`, fields["storage"]);
    const node = item as NodeSpec;
    if (nodes.some(other => other.id === id)) throw duplicate(`${at}.id`, `node id ${id}`);
    checkPorts(at, node, nodes, mode);
    nodes.push(node);
  }
  return nodes;
}

function validateStorage(where: string, value: unknown): void {
  if (typeof value === "string") return void readOneOf(where, value, ["unformatted"]);
  const fields = readObject(where, value, ["clusterId", "nodeId"]);
  if (fields["clusterId"] !== undefined) readText(`${where}.clusterId`, fields["clusterId"], 100);
  if (fields["nodeId"] !== undefined) readInteger(`${where}.nodeId`, fields["nodeId"], 0, NODE_ID_MAX);
}

function validateRoles(where: string, value: unknown, mode: ClusterMode): void {
  const seen: NodeRole[] = [];
  for (const [index, item] of readList(where, value, 1, 2).entries()) {
    const role = readOneOf(`${where}[${index}]`, item, ["broker", "controller"] as const);
    if (seen.includes(role)) throw duplicate(`${where}[${index}]`, `role "${role}"`);
    seen.push(role);
  }
  if (mode === "kraft" || !seen.includes("broker")) return;
  throw new AuthorError({
    code: "unknown-value", where, what: "in ZooKeeper mode a broker has no process.roles", expected: "no \"roles\", or [\"controller\"] for a KRaft controller of a migration",
    found: shown(value), cure: "Remove \"roles\".",
  });
}

/** Two processes of one host cannot listen on the same port. */
function checkPorts(where: string, node: NodeSpec, others: readonly NodeSpec[], mode: ClusterMode): void {
  for (const other of others) {
    if (other.host !== node.host) continue;
    const both = isBroker({ mode }, node) && isBroker({ mode }, other) ? 9092 : isController({ mode }, node) && isController({ mode }, other) ? 9093 : null;
    if (both !== null) throw duplicate(`${where}.host`, `host "${node.host}" (both nodes would listen on port ${both})`);
  }
}

function validateEnsemble(where: string, value: unknown, mode: ClusterMode): readonly ZooKeeperServerSpec[] {
  if (mode === "kraft") {
    if (value === undefined) return [];
    throw new AuthorError({
      code: "unknown-key", where, what: "in KRaft mode there is no ZooKeeper", expected: "no \"zookeeper\"", found: shown(value),
      cure: "Remove \"zookeeper\", or set \"mode\" to \"zookeeper\" (with \"kafka\": \"3.9\").",
    });
  }
  if (value === undefined) {
    throw new AuthorError({
      code: "missing-key", where, what: "ZooKeeper mode needs the servers of the ensemble", expected: "a list of servers", found: "nothing",
      cure: "Add \"zookeeper\": [{ \"id\": 1, \"host\": \"cpu-node1\" }].",
    });
  }
  const servers: ZooKeeperServerSpec[] = [];
  for (const [index, item] of readList(where, value, 1, PROCESSES_MAX).entries()) {
    const at = `${where}[${index}]`;
    const fields = readObject(at, item, ["id", "host", "settings"]);
    const id = readInteger(`${at}.id`, fields["id"], 1, SERVER_ID_MAX);
    const host = readName(`${at}.host`, fields["host"]);
    if (fields["settings"] !== undefined) readSettings(`${at}.settings`, fields["settings"], ZOOKEEPER_SETTINGS, "ZooKeeper");
    if (servers.some(server => server.id === id)) throw duplicate(`${at}.id`, `server id ${id}`);
    if (servers.some(server => server.host === host)) throw duplicate(`${at}.host`, `host "${host}" (both servers would listen on port 2181)`);
    servers.push(item as ZooKeeperServerSpec);
  }
  return servers;
}

function validateQuorum(where: string, fields: Fields, nodes: readonly NodeSpec[], mode: ClusterMode): void {
  if (fields["quorum"] !== undefined) readOneOf(`${where}.quorum`, fields["quorum"], ["static", "dynamic"]);
  if (mode === "zookeeper") return;
  const controllers = nodes.filter(node => isController({ mode }, node));
  if (controllers.some(node => node.startsLater !== true)) return;
  throw new AuthorError({
    code: "missing-key", where: `${where}.nodes`, what: controllers.length === 0 ? "no node is a controller" : "no controller starts with the cluster",
    expected: "at least one node with the role \"controller\" that starts at once", found: nodes.map(node => `${node.id}: ${rolesOf({ mode }, node).join(",")}`).join("; ").slice(0, 100),
    cure: "Leave \"roles\" out for a node that is both, or add { \"id\": 101, \"host\": \"controller-node1\", \"roles\": [\"controller\"] }.",
  });
}
