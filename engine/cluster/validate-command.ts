// Checks a command that a person, a cell or a file gives, before it becomes an input of the run: its form only. Whether it fits the
// moment (killing a stopped broker) is decided when it is applied. Throws an AuthorError.
import { AuthorError, shown } from "./author-error.ts";
import type { Command } from "./commands.ts";
import {
  type Fields, readBoolean, readInteger, readList, readName, readObject, readOneOf, readText, readTopicName,
} from "./read-input.ts";
import { PROCESSES_MAX } from "./validate-machines.ts";
import { checkAdminCommand, checkConfigs, checkDiskFault, readParty } from "./validate-operator-command.ts";
import { checkRawCommand } from "./validate-raw-command.ts";
import { CLIENTS_MAX, PARTITIONS_MAX, RUN_MS_MAX, TEXT_MAX, TOPICS_MAX, validateAssignment, validateConsumer, validateProducer } from "./validate-spec.ts";
import { MESSAGES } from "#engine/protocol/messages.ts";

/** Records of one call of send(). */
export const RECORDS_PER_SEND_MAX = 1_000_000;
const READ_LIMIT_MAX = 1_000_000;
const HEADERS_MAX = 100;
/** A prediction, as JSON. */
const ANSWER_LENGTH_MAX = 10_000;
const OFFSET_MAX = Number.MAX_SAFE_INTEGER;

const KEYS = {
  "kill": ["node"], "power-loss": ["node"], "shut-down": ["node"], "pause": ["node", "forMs"], "resume": ["node"],
  "restart": ["node", "settings"],
  "cut": ["from", "to", "oneWay"], "heal": ["from", "to"], "drop": ["api", "direction", "from", "to", "count"],
  "open-producer": ["producer"], "open-consumer": ["consumer"], "close-client": ["client", "call"],
  "send": ["producer", "topic", "records", "call"], "seek": ["consumer", "topic", "partition", "offset"],
  "read": ["topic", "partition", "from", "limit", "call"],
  "create-topic": ["topic", "partitions", "replicationFactor", "assignment", "configs", "call"],
  "elect-leaders": ["type", "partitions", "call"], "fetch-metadata": ["topics", "call"], "list-offsets": ["topic", "timestampMs", "call"],
  "delete-topics": ["topics", "call"], "create-partitions": ["topic", "partitions", "assignment", "call"],
  "reassign": ["partitions", "call"], "list-reassignments": ["call"], "alter-configs": ["resource", "configs", "call"],
  "describe-configs": ["resource", "call"], "alter-client-quotas": ["entity", "changes", "call"], "delete-records": ["topic", "partition", "beforeOffset", "call"],
  "describe-quorum": ["call"], "add-controller": ["node", "call"], "remove-controller": ["node", "call"],
  "request": ["to", "api", "body", "timeoutMs", "clientId", "call"], "zookeeper": ["operation", "server", "call"],
  "four-letter-word": ["word", "server", "call"], "slow-disk": ["node", "bytesPerSecond"], "limit-disk": ["node", "capacityBytes"],
  "fail-log-directory": ["node", "directory"], "damage-log": ["node", "topic", "partition", "how", "bytes"],
  "predict": ["id", "answer"],
} as const satisfies Record<Command["do"], readonly string[]>;

const VERBS = Object.keys(KEYS) as Command["do"][];

export function validateCommand(value: unknown, where = "command"): Command {
  if (typeof value !== "object" || value === null || Array.isArray(value)) readObject(where, value, ["do"]);
  const verb = readOneOf(`${where}.do`, (value as Fields)["do"], VERBS);
  const fields = readObject(where, value, ["do", ...KEYS[verb]]);
  if ((KEYS[verb] as readonly string[]).includes("call")) readInteger(`${where}.call`, fields["call"], 1, OFFSET_MAX);
  checkFields(verb, where, fields);
  return value as Command;
}

function checkFields(verb: Command["do"], where: string, fields: Fields): void {
  switch (verb) {
    case "kill": case "power-loss": case "shut-down": case "resume":
      return readParty(`${where}.node`, fields["node"]);
    case "restart":
      readParty(`${where}.node`, fields["node"]);
      if (fields["settings"] !== undefined) checkConfigs(`${where}.settings`, fields["settings"]);
      return;
    case "pause":
      readParty(`${where}.node`, fields["node"]);
      if (fields["forMs"] !== undefined) readInteger(`${where}.forMs`, fields["forMs"], 1, RUN_MS_MAX);
      return;
    case "cut": return checkCut(where, fields, 1);
    case "heal": return checkCut(where, fields, 0);
    case "drop": return checkDrop(where, fields);
    case "open-producer": validateProducer(`${where}.producer`, fields["producer"]); return;
    case "open-consumer": validateConsumer(`${where}.consumer`, fields["consumer"]); return;
    case "close-client": readName(`${where}.client`, fields["client"]); return;
    case "send": return checkSend(where, fields);
    case "seek":
      readName(`${where}.consumer`, fields["consumer"]);
      readTopicName(`${where}.topic`, fields["topic"]);
      readInteger(`${where}.partition`, fields["partition"], 0, PARTITIONS_MAX - 1);
      readInteger(`${where}.offset`, fields["offset"], 0, OFFSET_MAX);
      return;
    case "read":
      readTopicName(`${where}.topic`, fields["topic"]);
      readInteger(`${where}.partition`, fields["partition"], 0, PARTITIONS_MAX - 1);
      readInteger(`${where}.from`, fields["from"], 0, OFFSET_MAX);
      readInteger(`${where}.limit`, fields["limit"], 1, READ_LIMIT_MAX);
      return;
    case "create-topic": return checkCreateTopic(where, fields);
    case "elect-leaders": return checkElectLeaders(where, fields);
    case "fetch-metadata":
      if (fields["topics"] === null) return;
      for (const [index, topic] of readList(`${where}.topics`, fields["topics"], 0, TOPICS_MAX).entries()) readTopicName(`${where}.topics[${index}]`, topic);
      return;
    case "list-offsets":
      readTopicName(`${where}.topic`, fields["topic"]);
      // -1 latest, -2 earliest, -3 the offset with the greatest timestamp (ListOffsetsRequest.java).
      readInteger(`${where}.timestampMs`, fields["timestampMs"], -3, OFFSET_MAX);
      return;
    case "predict": return checkPrediction(where, fields);
    case "slow-disk": case "limit-disk": case "fail-log-directory": case "damage-log": return checkDiskFault(verb, where, fields);
    case "request": case "zookeeper": case "four-letter-word": return checkRawCommand(verb, where, fields);
    default: return checkAdminCommand(verb, where, fields);
  }
}

function checkCut(where: string, fields: Fields, lengthMin: number): void {
  for (const side of ["from", "to"]) {
    for (const [index, party] of readList(`${where}.${side}`, fields[side], lengthMin, PROCESSES_MAX + CLIENTS_MAX).entries()) {
      readParty(`${where}.${side}[${index}]`, party);
    }
  }
  if (fields["oneWay"] !== undefined) readBoolean(`${where}.oneWay`, fields["oneWay"]);
}

function checkDrop(where: string, fields: Fields): void {
  readOneOf(`${where}.api`, fields["api"], Object.keys(MESSAGES));
  readOneOf(`${where}.direction`, fields["direction"], ["request", "response"]);
  for (const side of ["from", "to"]) if (fields[side] !== undefined) readParty(`${where}.${side}`, fields[side]);
  readInteger(`${where}.count`, fields["count"], 1, 1_000_000);
}

function checkSend(where: string, fields: Fields): void {
  readName(`${where}.producer`, fields["producer"]);
  readTopicName(`${where}.topic`, fields["topic"]);
  const records = readList(`${where}.records`, fields["records"], 1, RECORDS_PER_SEND_MAX);
  for (let index = 0; index < records.length; index += 1) checkRecord(where, index, records[index]);
}

/** Paths are built only for what is wrong: a send may carry a million records. */
function checkRecord(where: string, index: number, value: unknown): void {
  if (isPlainRecord(value)) return;
  const at = `${where}.records[${index}]`;
  const fields = readObject(at, value, ["key", "value", "partition", "timestampMs", "headers"]);
  for (const name of ["key", "value"]) if (fields[name] !== null) readText(`${at}.${name}`, fields[name], TEXT_MAX, 0);
  if (fields["partition"] !== undefined) readInteger(`${at}.partition`, fields["partition"], 0, PARTITIONS_MAX - 1);
  if (fields["timestampMs"] !== undefined) readInteger(`${at}.timestampMs`, fields["timestampMs"], 0, OFFSET_MAX);
  if (fields["headers"] === undefined) return;
  const headers = fields["headers"];
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) readObject(`${at}.headers`, headers, ["name"]);
  const names = Object.keys(headers as Fields);
  if (names.length > HEADERS_MAX) readList(`${at}.headers`, names, 0, HEADERS_MAX);
  for (const name of names) readText(`${at}.headers["${name}"]`, (headers as Fields)[name], TEXT_MAX, 0);
}

/** The common case, without an allocation: a key and a value, nothing else. */
function isPlainRecord(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  let count = 0;
  for (const name of Object.keys(value)) {
    if (name !== "key" && name !== "value") return false;
    const text = (value as Fields)[name];
    if (text !== null && (typeof text !== "string" || text.length > TEXT_MAX)) return false;
    count += 1;
  }
  return count === 2;
}

function checkCreateTopic(where: string, fields: Fields): void {
  // The name and the numbers are the broker's to judge: a learner may see INVALID_REPLICATION_FACTOR. Only absurd sizes stop here.
  readText(`${where}.topic`, fields["topic"], 1000, 0);
  readInteger(`${where}.partitions`, fields["partitions"], -1, PARTITIONS_MAX);
  readInteger(`${where}.replicationFactor`, fields["replicationFactor"], -1, 32767);
  if (fields["assignment"] !== undefined) validateAssignment(`${where}.assignment`, fields["assignment"], null);
  if (fields["configs"] !== undefined) checkConfigs(`${where}.configs`, fields["configs"]);
}

function checkElectLeaders(where: string, fields: Fields): void {
  readOneOf(`${where}.type`, fields["type"], ["preferred", "unclean"]);
  if (fields["partitions"] === null) return;
  for (const [index, item] of readList(`${where}.partitions`, fields["partitions"], 1, PARTITIONS_MAX).entries()) {
    const at = `${where}.partitions[${index}]`;
    const partition = readObject(at, item, ["topic", "partition"]);
    readTopicName(`${at}.topic`, partition["topic"]);
    readInteger(`${at}.partition`, partition["partition"], 0, PARTITIONS_MAX - 1);
  }
}

function checkPrediction(where: string, fields: Fields): void {
  readText(`${where}.id`, fields["id"], 100);
  const answer = JSON.stringify(fields["answer"]) as string | undefined;
  if (answer === undefined || answer.length > ANSWER_LENGTH_MAX) {
    throw new AuthorError({
      code: answer === undefined ? "missing-key" : "too-large", where: `${where}.answer`, what: "a prediction has an answer",
      expected: `JSON of at most ${ANSWER_LENGTH_MAX} characters`, found: shown(fields["answer"]), cure: "Give the answer as plain data.",
    });
  }
}
