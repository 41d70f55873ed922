// Checks the form of an operator's commands: what changes topics, partitions, settings and voters, and what happens to a disk. Names and numbers
// that Kafka judges itself are left to Kafka: a learner may see its errors. Only absurd sizes and wrong kinds stop here.
import { AuthorError, shown } from "./author-error.ts";
import { type Fields, readInteger, readList, readName, readObject, readOneOf, readText, readTopicName } from "./read-input.ts";
import { NODE_ID_MAX, REPLICAS_MAX } from "./validate-machines.ts";
import { PARTITIONS_MAX, TOPICS_MAX, validateAssignment } from "./validate-spec.ts";

const CONFIGS_MAX = 100;
const CONFIG_LENGTH_MAX = 10_000;
const OFFSET_MAX = Number.MAX_SAFE_INTEGER;
/** 1 TB/s, 1 PB: beyond every disk. */
const DISK_SPEED_MAX = 1_000_000_000_000;
const DISK_BYTES_MAX = 1_000_000_000_000_000;
const DAMAGED_BYTES_MAX = 1_073_741_824;
const DIRECTORY_LENGTH_MAX = 255;

export function readParty(where: string, value: unknown): void {
  if (typeof value === "number") readInteger(where, value, 1, NODE_ID_MAX);
  else if (typeof value === "string") readName(where, value);
  else {
    throw new AuthorError({
      code: value === undefined ? "missing-key" : "wrong-kind", where, what: "this names a node, a ZooKeeper server or a client",
      expected: "a node id or a name", found: shown(value), cure: "Write a node id, such as 2, or a name in quotes, such as \"zookeeper-1\".",
    });
  }
}

/** Names and values are Kafka's to judge (INVALID_CONFIG), null too. */
export function checkConfigs(where: string, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) readObject(where, value, ["min.insync.replicas"]);
  const configs = value as Fields;
  const names = Object.keys(configs);
  readList(where, names, 0, CONFIGS_MAX);
  for (const name of names) {
    const config = configs[name];
    if (typeof config === "number" || typeof config === "boolean" || config === null) continue;
    readText(`${where}["${name}"]`, config, CONFIG_LENGTH_MAX, 0);
  }
}

type AdminVerb =
  | "delete-topics" | "create-partitions" | "reassign" | "list-reassignments" | "alter-configs" | "describe-configs" | "alter-client-quotas" | "delete-records"
  | "describe-quorum" | "add-controller" | "remove-controller";

export function checkAdminCommand(verb: AdminVerb, where: string, fields: Fields): void {
  switch (verb) {
    case "delete-topics":
      for (const [index, topic] of readList(`${where}.topics`, fields["topics"], 1, TOPICS_MAX).entries()) readText(`${where}.topics[${index}]`, topic, 1000, 0);
      return;
    case "create-partitions":
      readText(`${where}.topic`, fields["topic"], 1000, 0);
      readInteger(`${where}.partitions`, fields["partitions"], -1, PARTITIONS_MAX);
      if (fields["assignment"] !== undefined) validateAssignment(`${where}.assignment`, fields["assignment"], null);
      return;
    case "reassign": return checkReassignment(where, fields);
    case "alter-configs":
      checkResource(`${where}.resource`, fields["resource"]);
      return checkConfigs(`${where}.configs`, fields["configs"]);
    case "describe-configs": return checkResource(`${where}.resource`, fields["resource"]);
    case "alter-client-quotas": return checkQuotas(where, fields);
    case "delete-records":
      readTopicName(`${where}.topic`, fields["topic"]);
      readInteger(`${where}.partition`, fields["partition"], 0, PARTITIONS_MAX - 1);
      // -1 is the high watermark (RecordsToDelete.java).
      readInteger(`${where}.beforeOffset`, fields["beforeOffset"], -1, OFFSET_MAX);
      return;
    case "add-controller": case "remove-controller": readInteger(`${where}.node`, fields["node"], 1, NODE_ID_MAX); return;
    case "list-reassignments": case "describe-quorum": return;
  }
}

function checkReassignment(where: string, fields: Fields): void {
  for (const [index, item] of readList(`${where}.partitions`, fields["partitions"], 1, PARTITIONS_MAX).entries()) {
    const at = `${where}.partitions[${index}]`;
    const partition = readObject(at, item, ["topic", "partition", "replicas"]);
    readText(`${at}.topic`, partition["topic"], 1000, 0);
    readInteger(`${at}.partition`, partition["partition"], 0, PARTITIONS_MAX - 1);
    if (partition["replicas"] === null) continue;
    for (const [place, replica] of readList(`${at}.replicas`, partition["replicas"], 0, REPLICAS_MAX).entries()) {
      readInteger(`${at}.replicas[${place}]`, replica, -1, NODE_ID_MAX);
    }
  }
}

/** `{ topic: name }`, `{ broker: id }`, or `{ broker: "" }` for the default of all brokers. */
function checkResource(where: string, value: unknown): void {
  const fields = readObject(where, value, ["topic", "broker"]);
  if (fields["topic"] !== undefined && fields["broker"] === undefined) return void readText(`${where}.topic`, fields["topic"], 1000, 0);
  if (fields["broker"] !== undefined && fields["topic"] === undefined) {
    if (fields["broker"] !== "") readInteger(`${where}.broker`, fields["broker"], 0, NODE_ID_MAX);
    return;
  }
  throw new AuthorError({
    code: fields["topic"] === undefined ? "missing-key" : "duplicate", where, what: "settings belong to a topic or to a broker",
    expected: "either \"topic\" or \"broker\"", found: fields["topic"] === undefined ? "neither" : "both",
    cure: "Write { \"topic\": \"user-events\" }, { \"broker\": 1 }, or { \"broker\": \"\" } for all brokers.",
  });
}

/** Which entities and limits there are is Kafka's to judge (INVALID_REQUEST). */
function checkQuotas(where: string, fields: Fields): void {
  const entity = readObject(`${where}.entity`, fields["entity"], ["client-id", "user", "ip"]);
  for (const [type, name] of Object.entries(entity)) if (name !== null) readText(`${where}.entity["${type}"]`, name, 1000, 0);
  if (typeof fields["changes"] !== "object" || fields["changes"] === null || Array.isArray(fields["changes"])) {
    readObject(`${where}.changes`, fields["changes"], ["producer_byte_rate"]);
  }
  const changes = fields["changes"] as Fields;
  readList(`${where}.changes`, Object.keys(changes), 0, CONFIGS_MAX);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || typeof value === "number" && Number.isFinite(value)) continue;
    throw new AuthorError({
      code: "wrong-kind", where: `${where}.changes["${key}"]`, what: "a limit is a number", expected: "a number, or null to take it away",
      found: shown(value), cure: "Write { \"producer_byte_rate\": 20000 }.",
    });
  }
}

export function checkDiskFault(verb: "slow-disk" | "limit-disk" | "fail-log-directory" | "damage-log", where: string, fields: Fields): void {
  readParty(`${where}.node`, fields["node"]);
  switch (verb) {
    case "slow-disk":
      if (fields["bytesPerSecond"] !== null) readInteger(`${where}.bytesPerSecond`, fields["bytesPerSecond"], 1, DISK_SPEED_MAX);
      return;
    case "limit-disk":
      if (fields["capacityBytes"] !== null) readInteger(`${where}.capacityBytes`, fields["capacityBytes"], 0, DISK_BYTES_MAX);
      return;
    case "fail-log-directory": readText(`${where}.directory`, fields["directory"], DIRECTORY_LENGTH_MAX); return;
    case "damage-log":
      readTopicName(`${where}.topic`, fields["topic"]);
      readInteger(`${where}.partition`, fields["partition"], 0, PARTITIONS_MAX - 1);
      readOneOf(`${where}.how`, fields["how"], ["cut-bytes", "flip-byte", "append-garbage", "delete-index", "append-zeros"]);
      readInteger(`${where}.bytes`, fields["bytes"], 0, DAMAGED_BYTES_MAX);
      return;
  }
}
