// Compares what was added to the metadata log. Records of one thing (a partition, a broker, a topic, a setting …) come in the same order with the
// same fields; records that are written as one batch stay together. What is not compared: offsets (NO_OP_RECORDs of the clock lie between), the order
// of things that happen at the same time on different brokers, and the batches of ISR changes that brokers ask for, which are grouped by the moment.
import { isObject, type Json, type JsonObject } from "../read-recording.ts";
import { compareJson, type Difference, type Pairs, type Rule } from "./compare-json.ts";

export const RECORD_RULES: readonly Rule[] = [
  { fields: "data.topicId", how: "paired", kind: "topic id", why: "drawn at random" },
  { fields: "data.incarnationId", how: "paired", kind: "incarnation id", why: "drawn at random" },
  { fields: "data.logDirs", how: "paired", kind: "directory id", why: "drawn at random" },
  { fields: "data.directories", how: "paired", kind: "directory id", why: "drawn at random" },
  { fields: "data.voters.*.voterDirectoryId", how: "paired", kind: "directory id", why: "drawn at random" },
  { fields: "data.brokerEpoch", how: "paired", kind: "broker epoch", why: "the offset of the registration" },
  { fields: "data.features", how: "unordered", why: "a hash map of the sender" },
  { fields: "data.endPoints.*.host", how: "ignored", why: "every node has a machine of its own here" },
  { fields: "data.endPoints.*.port", how: "ignored", why: "port numbers are of the recorded run" },
  { fields: "data.voters.*.endpoints.*.host", how: "ignored", why: "every node has a machine of its own here" },
  { fields: "data.voters.*.endpoints.*.port", how: "ignored", why: "port numbers are of the recorded run" },
];

/**
 * PRODUCER_IDS_RECORD: a producer asks any broker for its id, and a broker that has none left (or has been restarted) fetches a block. Who asks whom is
 * the client's random choice, so the records are there or not by chance.
 */
function isByChance(record: JsonObject): boolean {
  return record["type"] === "PRODUCER_IDS_RECORD";
}

const OF_THE_LOG = ["offset", "epoch", "batch"];

interface Entry { readonly record: JsonObject; readonly batch: number; readonly subject: string }

/**
 * What ids of the recording stand for. @property isForeign a topic that another scenario has left behind. @property isMissing one that does not exist here.
 * @property controller who plays the part of that controller here.
 */
export interface RecordedNames { isForeign(id: string): boolean; isMissing(id: string): boolean; controller(id: number): number }

export function compareMetadataRecords(
  field: string, real: readonly Json[], simulated: readonly Json[], names: RecordedNames, pairs: Pairs, out: Difference[],
): void {
  const own = real.filter(isObject).map(record => withParts(record, names)).filter(record => !names.isForeign(topicIdOf(record)) && !isByChance(record));
  const missing = own.filter(record => isInternal(record) || names.isMissing(topicIdOf(record)));
  // One difference for all of a topic that is not made here, not fifty.
  const isAbsent = missing.length > 0 && !simulated.some(record => isObject(record) && isInternal(record)) && missing.every(record => isInternal(record) || names.isMissing(topicIdOf(record)));
  if (isAbsent) out.push({ field: `${field}.__consumer_offsets`, real: `${missing.length} records`, simulated: undefined });
  const wanted = entriesOf(isAbsent ? own.filter(record => !missing.includes(record)) : own);
  const ours = entriesOf(simulated.filter(isObject).filter(record => !isByChance(record)));
  compareEntries(field, wanted, ours, pairs, out);
}

function compareEntries(field: string, wanted: readonly Entry[], ours: readonly Entry[], pairs: Pairs, out: Difference[]): void {
  const match = pairUp(wanted, ours, pairs);
  for (const [index, entry] of wanted.entries()) {
    const partner = match.get(entry);
    if (partner === undefined) out.push({ field: `${field}.${index}`, real: entry.record, simulated: undefined });
    else compareJson([...field.split("."), String(index)], without(entry.record), without(partner.record), rulesBelow(field), pairs, out);
  }
  const taken = new Set(match.values());
  for (const entry of ours) if (!taken.has(entry)) out.push({ field: `${field}.+`, real: undefined, simulated: entry.record });
  compareBatches(field, wanted, match, out);
}

/** Controllers by the parts they play. */
function withParts(record: JsonObject, names: RecordedNames): JsonObject {
  const { data } = record;
  if (!isObject(data)) return record;
  const part = (id: Json | undefined): Json => typeof id === "number" ? names.controller(id) : id ?? null;
  return { ...record, data: {
    ...data, ..."controllerId" in data ? { controllerId: part(data["controllerId"]) } : {},
    ...Array.isArray(data["voters"]) ? { voters: data["voters"].map((voter: Json) => isObject(voter) ? { ...voter, voterId: part(voter["voterId"]) } : voter) } : {},
  } };
}

/** A record that names the topic itself: the topic's, or one of its settings. */
function isInternal(record: JsonObject): boolean {
  const data = isObject(record["data"]) ? record["data"] : {};
  return record["type"] === "TOPIC_RECORD" && data["name"] === "__consumer_offsets" || record["type"] === "CONFIG_RECORD" && data["resourceName"] === "__consumer_offsets";
}

const rulesOfField = new Map<string, readonly Rule[]>();

function rulesBelow(field: string): readonly Rule[] {
  const known = rulesOfField.get(field);
  if (known !== undefined) return known;
  const rules = RECORD_RULES.map(rule => ({ ...rule, fields: `${field}.*.${rule.fields}` }));
  rulesOfField.set(field, rules);
  return rules;
}

function topicIdOf(record: JsonObject): string {
  const data = record["data"];
  return isObject(data) && typeof data["topicId"] === "string" ? data["topicId"] : "";
}

function without(record: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !OF_THE_LOG.includes(name)));
}

function entriesOf(records: readonly JsonObject[]): Entry[] {
  return records.map(record => ({ record, batch: Number(record["batch"] ?? -1), subject: subjectOf(record) }));
}

/** What a record is about: its type and the names in it that are not random. */
function subjectOf(record: JsonObject): string {
  const data = isObject(record["data"]) ? record["data"] : {};
  const names = ["partitionId", "brokerId", "controllerId", "name", "resourceName", "resourceType", "entity", "id"].map(name => name in data ? JSON.stringify(data[name]) : "");
  const type = String(record["type"]).replace(/^BROKER_REGISTRATION_CHANGE_RECORD$|^REGISTER_BROKER_RECORD$/, "BROKER");
  // A broker tells of its directories and asks to be unfenced at the same time: recordings have both orders.
  if (record["type"] === "BROKER_REGISTRATION_CHANGE_RECORD" && "cordonedLogDirs" in data) return ["CORDONED", ...names].join("|");
  return [type, ...names].join("|");
}

/** The n-th record about something is the n-th of the other side; of partitions the topic has to be the same too. */
function pairUp(wanted: readonly Entry[], ours: readonly Entry[], pairs: Pairs): Map<Entry, Entry> {
  const free = new Map<string, Entry[]>();
  for (const entry of ours) free.set(entry.subject, [...free.get(entry.subject) ?? [], entry]);
  const match = new Map<Entry, Entry>();
  for (const entry of wanted) {
    const candidates = free.get(entry.subject) ?? [];
    const topic = topicIdOf(entry.record);
    const known = topic === "" ? null : pairs.simulatedOf("topic id", topic);
    const index = candidates.findIndex(candidate => known === null || topicIdOf(candidate.record) === known);
    const partner = candidates[index];
    if (partner === undefined) continue;
    candidates.splice(index, 1);
    match.set(entry, partner);
    if (topic !== "") pairs.match("topic id", topic, topicIdOf(partner.record));
  }
  return match;
}

function compareBatches(field: string, wanted: readonly Entry[], match: ReadonlyMap<Entry, Entry>, out: Difference[]): void {
  for (let index = 1; index < wanted.length; index += 1) {
    const before = wanted[index - 1] as Entry;
    const entry = wanted[index] as Entry;
    const mine = match.get(entry);
    const mineBefore = match.get(before);
    if (mine === undefined || mineBefore === undefined || before.batch !== entry.batch) continue;
    if (isIsrChange(before.record) || isIsrChange(entry.record) || !isOneDecision(before.record, entry.record)) continue;
    if (mine.batch !== mineBefore.batch) out.push({ field: `${field}.${index}.batch`, real: "one batch with the record before", simulated: "another batch" });
  }
}

/** A change that a leader has asked for, or an election: only these are grouped by chance. */
function isIsrChange(record: JsonObject): boolean {
  const data = record["data"];
  return record["type"] === "PARTITION_CHANGE_RECORD" && isObject(data) && !("leader" in data);
}

/** The accumulator may put unrelated appends of one moment into a batch; a topic and its partitions, or a transaction, belong together. */
function isOneDecision(a: JsonObject, b: JsonObject): boolean {
  const topic = topicIdOf(a);
  return topic !== "" && topic === topicIdOf(b) || String(a["type"]).includes("TRANSACTION") || String(b["type"]).includes("TRANSACTION")
    || String(a["type"]) === "PARTITION_CHANGE_RECORD" && String(b["type"]) === "PARTITION_CHANGE_RECORD";
}
