// What a command line tool did to the cluster. The texts of tools are not compared yet; their effects are carried out, so that later steps find what
// they should. A line that the tool itself refused (its exit code says so) has had no effect, unless it only lost patience.
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { drawAsRecorded } from "../lucky-placement.ts";
import { hasRecordedPlacement } from "../recorded-placement.ts";
import { isObject, type Json, type Recording, type RecordedStep } from "../read-recording.ts";
import { features, formatStorage } from "./kraft-tools.ts";
import { openProducer } from "./producing.ts";
import { readReassignment, throttlesOf } from "./reassign-command.ts";
import { partitionsNow, partitionsOf } from "./topics.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import { observe } from "#engine/cluster/observe.ts";
import type { CreateMode } from "#engine/zookeeper/zookeeper-protocol.ts";

/** A user's next command starts a process first. */
const AFTER_CHANGE_MS = 800;
/** default.api.timeout.ms of the Admin client. */
const PATIENCE_MS = 65_000;
/** A busy machine needs that long for nothing. */
const LONG_MS = 3_000;

/** A command line in parts. `options`: --name -> values; a flag has none. */
export interface CommandLine { readonly tool: string; readonly words: readonly string[]; readonly options: ReadonlyMap<string, readonly string[]> }

export function parseCommandLine(line: string): CommandLine {
  const words: string[] = [];
  for (const match of line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)) words.push(match[1] ?? match[2] ?? match[3] ?? "");
  const options = new Map<string, string[]>();
  let open: string[] | null = null;
  for (const word of words.slice(1)) {
    if (/^--?[a-z]/.test(word)) {
      open = options.get(word) ?? [];
      options.set(word, open);
    } else open?.push(word);
  }
  return { tool: words[0] ?? "", words: words.slice(1), options };
}

export function optionOf(line: CommandLine, name: string): string | undefined {
  return line.options.get(name)?.[0];
}

type Effect = (world: GoldenWorld, line: CommandLine, step: RecordedStep, recording: Recording) => Played | undefined;

const EFFECTS: Readonly<Record<string, Effect>> = {
  "kafka-topics.sh": topics, "kafka-configs.sh": configs, "kafka-leader-election.sh": elections, "kafka-reassign-partitions.sh": reassignments,
  "kafka-console-producer.sh": consoleProducer, "kafka-console-consumer.sh": consoleConsumer, "zookeeper-shell.sh": zooKeeperShell,
  "kafka-delete-records.sh": deleteRecords, "kafka-metadata-quorum.sh": quorum, "kafka-storage.sh": formatStorage, "kafka-features.sh": features,
};

export const cli: ActionPlayer = (world, step, recording): Played => {
  const line = parseCommandLine(String(step.does["cli"]));
  const { exit, stderr, stdout } = step.fields;
  const text = `${String(stdout ?? "")}${String(stderr ?? "")}`;
  // kafka-topics.sh prints its errors and ends with 0 in some versions.
  const isRefused = exit !== 0 && exit !== undefined || /^Error/m.test(String(stdout ?? ""));
  if (isRefused && !text.includes("imeout") && !text.includes("timed out")) return {};
  const began = world.nowMs;
  const played = EFFECTS[line.tool]?.(world, line, step, recording);
  if (/--(alter|create|delete|execute|cancel)\b|kafka-delete-records|kafka-leader-election/.test(String(step.does["cli"])) && !isWatchedNext(recording, step)) world.advance(AFTER_CHANGE_MS);
  // A tool that waits for an answer lets the cluster go on meanwhile.
  const wallMs = Number(step.fields["wallMs"] ?? step.fields["interruptedAfterMs"] ?? 0);
  if (wallMs > LONG_MS) world.advance(Math.max(0, wallMs - (world.nowMs - began)));
  return played ?? {};
};

/** The next step tells how the change went on: a move that took the real machine a second is over sooner here. */
function isWatchedNext(recording: Recording, step: RecordedStep): boolean {
  return Array.isArray(recording.steps[step.number]?.fields["timeline"]);
}

/** "1:2:3,2:3:1" */
function assignmentOf(text: string): number[][] {
  return text.split(",").map(replicas => replicas.split(":").map(Number));
}

function topics(world: GoldenWorld, line: CommandLine, step: RecordedStep, recording: Recording): Played | undefined {
  const topic = optionOf(line, "--topic") ?? "";
  const assignment = optionOf(line, "--replica-assignment");
  if (line.options.has("--create")) {
    const settings = Object.fromEntries((line.options.get("--config") ?? []).map(pair => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
    const count = Number(optionOf(line, "--partitions") ?? Number.MAX_SAFE_INTEGER);
    if (assignment === undefined) drawAsRecorded(world, recording, step.number, topic, 0, count);
    const outcome = world.call(call => ({
      do: "create-topic", topic, partitions: Number(optionOf(line, "--partitions") ?? -1), replicationFactor: Number(optionOf(line, "--replication-factor") ?? -1),
      ...assignment === undefined ? {} : { assignment: assignmentOf(assignment) }, ...Object.keys(settings).length === 0 ? {} : { configs: settings }, call,
    }), PATIENCE_MS);
    world.advance(AFTER_CHANGE_MS);
    return { unlucky: outcome?.ok === true && assignment === undefined && !hasRecordedPlacement(world, recording, step.number, topic) };
  }
  if (line.options.has("--alter")) return alterTopic(world, line, step, recording, topic);
  if (line.options.has("--delete")) {
    const pattern = new RegExp(`^(?:${topic})$`);
    const names = observe(world.cluster).topics.map(({ name }) => name).filter(name => pattern.test(name));
    if (names.length > 0) world.call(call => ({ do: "delete-topics", topics: names, call }), PATIENCE_MS);
  }
  return undefined;
}

function alterTopic(world: GoldenWorld, line: CommandLine, step: RecordedStep, recording: Recording, topic: string): Played | undefined {
  const partitions = optionOf(line, "--partitions");
  if (partitions === undefined) return undefined;
  const assignment = optionOf(line, "--replica-assignment");
  const before = partitionsNow(world, topic);
  if (assignment === undefined) drawAsRecorded(world, recording, step.number, topic, before, Number(partitions));
  // The tool is given the replicas of all partitions and hands on those of the new ones.
  const added = assignment === undefined ? undefined : assignmentOf(assignment).slice(before);
  world.call(call => ({ do: "create-partitions", topic, partitions: Number(partitions), ...added === undefined ? {} : { assignment: added }, call }), PATIENCE_MS);
  world.advance(AFTER_CHANGE_MS);
  return { unlucky: added === undefined && !hasRecordedPlacement(world, recording, step.number, topic) };
}

function configs(world: GoldenWorld, line: CommandLine): undefined {
  if (!line.options.has("--alter")) return;
  const changes: Record<string, string | null> = {};
  for (const pair of splitConfigs(optionOf(line, "--add-config") ?? "")) changes[pair.slice(0, pair.indexOf("="))] = pair.slice(pair.indexOf("=") + 1).replace(/^\[(.*)\]$/, "$1");
  for (const name of (optionOf(line, "--delete-config") ?? "").split(",")) if (name !== "") changes[name] = null;
  const types = line.options.get("--entity-type") ?? [];
  const name = optionOf(line, "--entity-name") ?? "";
  // The tool describes the settings first, and gives up when that takes too long.
  const resource = types.includes("topics") ? { topic: name } : types.includes("brokers") ? { broker: name === "" ? "" as const : Number(name) } : null;
  if (resource !== null && world.call(call => ({ do: "describe-configs", resource, call }), PATIENCE_MS)?.ok !== true) return;
  if (types.includes("topics")) world.call(call => ({ do: "alter-configs", resource: { topic: name }, configs: changes, call }), PATIENCE_MS);
  else if (types.includes("clients") || types.includes("users") || types.includes("ips")) alterQuotas(world, line, changes);
  else if (types.includes("brokers")) world.call(call => ({ do: "alter-configs", resource: { broker: name === "" ? "" : Number(name) }, configs: changes, call }), PATIENCE_MS);
}

/** --entity-type and --entity-name come in pairs; --entity-default stands for a name. */
function alterQuotas(world: GoldenWorld, line: CommandLine, changes: Readonly<Record<string, string | null>>): void {
  const entity: Record<string, string | null> = {};
  const types = line.options.get("--entity-type") ?? [];
  const names = line.options.get("--entity-name") ?? [];
  types.forEach((type, index) => { entity[type === "clients" ? "client-id" : type === "users" ? "user" : "ip"] = names[index] ?? null; });
  const numbers = Object.fromEntries(Object.entries(changes).map(([key, value]) => [key, value === null ? null : Number(value)]));
  world.call(call => ({ do: "alter-client-quotas", entity, changes: numbers, call }), PATIENCE_MS);
}

/** Commas within brackets belong to a value. */
function splitConfigs(text: string): string[] {
  return text === "" ? [] : text.split(/,(?![^[]*\])/).map(pair => pair.trim());
}

function elections(world: GoldenWorld, line: CommandLine, step: RecordedStep): undefined {
  const type = (optionOf(line, "--election-type") ?? "").toLowerCase();
  if (type !== "preferred" && type !== "unclean") return;
  const topic = optionOf(line, "--topic");
  const file = optionOf(line, "--path-to-json-file");
  const listed = file === undefined ? null : JSON.parse(fileOf(step, file)) as { readonly partitions: Json };
  const partitions = line.options.has("--all-topic-partitions") ? null
    : listed !== null ? partitionsOf(listed.partitions) : topic === undefined ? null : [{ topic, partition: Number(optionOf(line, "--partition") ?? 0) }];
  world.call(call => ({ do: "elect-leaders", type, partitions, call }), PATIENCE_MS);
}

export function fileOf(step: RecordedStep, name: string): string {
  const files = step.does["files"];
  const text = isObject(files) ? files[name] : undefined;
  if (typeof text === "string") return text;
  throw new CannotPlay(`the text of "${name}" is not in do.files`);
}

function reassignments(world: GoldenWorld, line: CommandLine, step: RecordedStep): undefined {
  const stdout = String(step.fields["stdout"] ?? "");
  const file = optionOf(line, "--reassignment-json-file");
  if (file !== undefined && (line.options.has("--execute") || line.options.has("--cancel"))) {
    const wanted = readReassignment(fileOf(step, file));
    const throttle = optionOf(line, "--throttle");
    if (line.options.has("--execute")) {
      if (throttle !== undefined) for (const change of throttlesOf(world, wanted, throttle)) world.call(call => ({ do: "alter-configs", ...change, call }), PATIENCE_MS);
      world.call(call => ({ do: "reassign", partitions: wanted, call }), PATIENCE_MS);
    } else {
      const cancelled = /Successfully cancelled partition reassignments for: (\S+)/.exec(stdout)?.[1]?.split(",") ?? [];
      const running = wanted.filter(({ topic, partition }) => cancelled.includes(`${topic}-${partition}`));
      if (running.length > 0) world.call(call => ({ do: "reassign", partitions: running.map(({ topic, partition }) => ({ topic, partition, replicas: null })), call }), PATIENCE_MS);
    }
  }
  clearThrottles(world, stdout);
}

/** The tool says which limits it has taken away. */
function clearThrottles(world: GoldenWorld, stdout: string): void {
  for (const match of stdout.matchAll(/Clearing broker-level throttles on brokers? ([\d,]+)/g)) {
    for (const broker of (match[1] ?? "").split(",").map(Number)) {
      world.call(call => ({ do: "alter-configs", resource: { broker }, call, configs: {
        "leader.replication.throttled.rate": null, "follower.replication.throttled.rate": null, "replica.alter.log.dirs.io.max.bytes.per.second": null,
      } }), PATIENCE_MS);
    }
  }
  for (const match of stdout.matchAll(/Clearing topic-level throttles on topics? (\S+)/g)) {
    for (const topic of (match[1] ?? "").split(",")) {
      world.call(call => ({ do: "alter-configs", resource: { topic }, call, configs: {
        "leader.replication.throttled.replicas": null, "follower.replication.throttled.replicas": null,
      } }), PATIENCE_MS);
    }
  }
}

function consoleProducer(world: GoldenWorld, line: CommandLine, step: RecordedStep, recording: Recording): Played | undefined {
  const topic = optionOf(line, "--topic") ?? "";
  const lines = String(step.does["stdin"] ?? "").split("\n").filter((text, index, all) => index < all.length - 1 || text !== "");
  const properties = Object.fromEntries([...line.options.get("--producer-property") ?? [], ...line.options.get("--property") ?? []].map(pair => pair.split("=")));
  const separator = String(properties["key.separator"] ?? "\t");
  const hasKeys = properties["parse.key"] === "true";
  drawAsRecorded(world, recording, step.number, topic);
  const producer = openProducer(world, { "linger.ms": "1000", acks: "all", "batch.size": "16384", "max.block.ms": "60000", "request.timeout.ms": "1500", "retries": "3" });
  const calls = lines.map(text => {
    const at = hasKeys ? text.indexOf(separator) : -1;
    const record = { key: at === -1 ? null : text.slice(0, at), value: at === -1 ? text : text.slice(at + separator.length) };
    return world.begin(call => ({ do: "send", producer, topic, records: [record], call }));
  });
  for (const call of calls) world.waitFor(call, PATIENCE_MS);
  world.call(call => ({ do: "close-client", client: producer, call }), 5_000);
  return { unlucky: !hasRecordedPlacement(world, recording, step.number, topic) };
}

/** Of a consumer's work only what it asks of the cluster: metadata of its topic, which may make the topic. */
function consoleConsumer(world: GoldenWorld, line: CommandLine, step: RecordedStep, recording: Recording): Played | undefined {
  const topic = optionOf(line, "--topic");
  const mayCreate = !(line.options.get("--consumer-property") ?? []).includes("allow.auto.create.topics=false");
  const broker = world.liveBrokers()[0];
  if (topic === undefined || broker === undefined) return undefined;
  drawAsRecorded(world, recording, step.number, topic);
  world.ask(broker, "Metadata", { topics: [{ name: topic }], allowAutoTopicCreation: mayCreate });
  world.advance(Number(optionOf(line, "--timeout-ms") ?? 1_000));
  return { unlucky: !hasRecordedPlacement(world, recording, step.number, topic) };
}

const CREATE_MODES: Readonly<Record<string, CreateMode>> = { "": "persistent", "-e": "ephemeral", "-s": "persistent-sequential" };

function zooKeeperShell(world: GoldenWorld, line: CommandLine): undefined {
  const [, verb, ...rest] = line.words;
  const flag = rest[0]?.startsWith("-") === true ? rest.shift() ?? "" : "";
  const [path = "", data] = rest;
  switch (verb) {
    case "create": world.call(call => ({ do: "zookeeper", operation: { op: "create", path, data: data ?? null, mode: CREATE_MODES[flag] ?? "persistent" }, call })); return;
    case "set": world.call(call => ({ do: "zookeeper", operation: { op: "setData", path, data: data ?? null, version: -1 }, call })); return;
    case "delete": world.call(call => ({ do: "zookeeper", operation: { op: "delete", path, version: -1 }, call })); return;
    default: return;
  }
}

function deleteRecords(world: GoldenWorld, line: CommandLine, step: RecordedStep): undefined {
  const parsed = JSON.parse(fileOf(step, optionOf(line, "--offset-json-file") ?? "")) as { readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[] };
  for (const { topic, partition, offset } of parsed.partitions) world.call(call => ({ do: "delete-records", topic, partition, beforeOffset: offset, call }), PATIENCE_MS);
}

function quorum(world: GoldenWorld, line: CommandLine): undefined {
  if (line.options.has("--dry-run")) return;
  if (line.words.includes("add-controller")) {
    const node = Number(/controller(\d+)/.exec(optionOf(line, "--command-config") ?? "")?.[1]);
    if (Number.isSafeInteger(node)) world.call(call => ({ do: "add-controller", node: world.node(node).id, call }), PATIENCE_MS);
  } else if (line.words.includes("remove-controller")) {
    const node = Number(optionOf(line, "--controller-id"));
    world.call(call => ({ do: "remove-controller", node: world.node(node).id, call }), PATIENCE_MS);
  }
}
