// Settings that change while brokers run, in ZooKeeper mode: they stand in /config, a sequential znode below /config/changes tells every broker
// what to read again, and each broker alters and describes them itself. Source: ZkAdminManager.incrementalAlterConfigs, AdminZkClient.scala,
// ZkNodeChangeNotificationListener.scala, ZkConfigManager.scala (3.9). FIDELITY: ZKC-CONFIGS.
import type { ProcessContext } from "#engine/core/process.ts";
import { toMs } from "#engine/core/time.ts";
import { listValue } from "#engine/metadata/zookeeper-controller/config-lists.ts";
import {
  brokerConfigPath, CONFIG_CHANGES_PATH, configChangeNode, type ConfigEntries, configIn, configNode, createNode, parsed, topicConfigPath, topicPath,
} from "#engine/metadata/zookeeper-controller/znode-data.ts";
import { settingType, topicConfigProblem, topicSetting } from "#engine/metadata/topic-configs.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { handleDescribeConfigs } from "./apis/32-describe-configs.ts";
import { reply } from "./broker-state.ts";
import { dynamicSettingsProblem } from "./dynamic-settings.ts";
import { reconfigureTopic } from "./replica-manager.ts";
import { askZooKeeper, type ZooKeeperNodeState } from "./zookeeper-node-state.ts";

/** ZkNodeChangeNotificationListener.changeExpirationMs */
const NOTIFICATION_LIFE_MS = 900_000;
const TOPIC = 2;
const BROKER = 4;

type AlterBody = RequestOf<"IncrementalAlterConfigs">;
type AlterAnswer = ResponseOf<"IncrementalAlterConfigs">["responses"][number];

export type ConfigStep =
  | { readonly step: "config/listed" }
  | { readonly step: "config/notified"; readonly names: readonly string[] }
  | { readonly step: "config/read"; readonly entities: readonly string[] }
  | { readonly step: "config/described"; readonly body: RequestOf<"DescribeConfigs">; readonly replyTo: ReplyTo<"DescribeConfigs"> }
  | { readonly step: "config/alter-read"; readonly body: AlterBody; readonly replyTo: ReplyTo<"IncrementalAlterConfigs"> }
  | { readonly step: "config/altered"; readonly answers: readonly AlterAnswer[]; readonly entities: readonly string[];
    readonly changes: readonly { readonly topic: string; readonly configs: ConfigEntries }[]; readonly replyTo: ReplyTo<"IncrementalAlterConfigs"> };

export function performConfigStep(process: ProcessContext, node: ZooKeeperNodeState, step: ConfigStep, answers: readonly ZooKeeperAnswer[]): void {
  switch (step.step) {
    case "config/listed": return notificationsListed(process, node, answers[0]?.children ?? []);
    case "config/notified": return notified(process, node, step.names, answers);
    case "config/read": return step.entities.forEach((entity, index) => apply(process, node, entity, configIn(answers[index]?.data)));
    case "config/described": return described(process, node, step, answers);
    case "config/alter-read": return alterRead(process, node, step.body, step.replyTo, answers);
    case "config/altered": return altered(process, node, step);
  }
}

// ---- at the start, and when something has changed

/** The broker's own settings and those of all brokers, and the watch on changes. */
export function readStartConfigs(process: ProcessContext, node: ZooKeeperNodeState): void {
  askZooKeeper(process, node, [
    { op: "getData", path: brokerConfigPath(""), watch: false }, { op: "getData", path: brokerConfigPath(String(node.settings.nodeId)), watch: false },
    { op: "getChildren", path: CONFIG_CHANGES_PATH, watch: true },
  ], { step: "start/configs" });
}

export function configsRead(node: ZooKeeperNodeState, [defaults, own, changes]: readonly ZooKeeperAnswer[]): void {
  const { brokerConfigs } = node.broker.image;
  brokerConfigs.set("", new Map(configIn(defaults?.data)));
  brokerConfigs.set(String(node.settings.nodeId), new Map(configIn(own?.data)));
  node.lastConfigChange = Math.max(node.lastConfigChange, ...(changes?.children ?? []).map(sequenceOf));
}

function sequenceOf(name: string): number {
  return Number(name.slice("config_change_".length));
}

/** The watch on /config/changes has fired, or the session is a new one. */
export function readConfigChanges(process: ProcessContext, node: ZooKeeperNodeState): void {
  askZooKeeper(process, node, [{ op: "getChildren", path: CONFIG_CHANGES_PATH, watch: true }], { step: "config/listed" });
}

function notificationsListed(process: ProcessContext, node: ZooKeeperNodeState, names: readonly string[]): void {
  const fresh = names.filter(name => sequenceOf(name) > node.lastConfigChange).sort((a, b) => sequenceOf(a) - sequenceOf(b));
  if (fresh.length === 0) return;
  askZooKeeper(process, node, fresh.map(name => ({ op: "getData", path: `${CONFIG_CHANGES_PATH}/${name}`, watch: false })), { step: "config/notified", names: fresh });
}

/** Notifications are worked off in order; those that everybody must have seen are deleted. */
function notified(process: ProcessContext, node: ZooKeeperNodeState, names: readonly string[], answers: readonly ZooKeeperAnswer[]): void {
  const entities: string[] = [];
  names.forEach((name, index) => {
    const answer = answers[index];
    const entity = parsed(answer?.data)?.["entity_path"];
    if (typeof entity === "string" && !entities.includes(entity)) entities.push(entity);
    node.lastConfigChange = Math.max(node.lastConfigChange, sequenceOf(name));
  });
  const old = names.filter((_, index) => toMs(process.now) - (answers[index]?.stat?.ctimeMs ?? toMs(process.now)) > NOTIFICATION_LIFE_MS);
  if (old.length > 0) {
    askZooKeeper(process, node, old.map(name => ({ op: "delete", path: `${CONFIG_CHANGES_PATH}/${name}`, version: -1 })), { step: "config/read", entities: [] });
  }
  if (entities.length > 0) {
    askZooKeeper(process, node, entities.map(entity => ({ op: "getData", path: `/config/${entity}`, watch: false })), { step: "config/read", entities });
  }
}

function apply(process: ProcessContext, node: ZooKeeperNodeState, entity: string, configs: ConfigEntries): void {
  const { image } = node.broker;
  const [kind, name = ""] = entity.split("/");
  if (kind === "brokers") {
    const id = name === "<default>" ? "" : name;
    if (id === "" || id === String(node.settings.nodeId)) image.brokerConfigs.set(id, new Map(configs));
    for (const topic of node.broker.partitions.keys()) reconfigureTopic(process, node.broker, topic);
  }
  if (kind === "topics") topicConfigsRead(process, node, name, configs);
}

/** What stands in ZooKeeper for a topic whose replicas are here. */
export function topicConfigsRead(process: ProcessContext, node: ZooKeeperNodeState, topic: string, configs: ConfigEntries): void {
  node.broker.zookeeperTopicConfigs.set(topic, new Map(configs));
  const known = node.broker.image.topics.get(topic);
  if (known === undefined) return;
  known.configs = new Map(configs);
  reconfigureTopic(process, node.broker, topic);
}

// ---- DescribeConfigs

/** Read from ZooKeeper each time, so that nobody is told without it. */
export function describeConfigs(process: ProcessContext, node: ZooKeeperNodeState, body: RequestOf<"DescribeConfigs">, replyTo: ReplyTo<"DescribeConfigs">): void {
  askZooKeeper(process, node, body.resources.map(resource => ({ op: "getData", path: `/config/${entityOf(resource)}`, watch: false })),
    { step: "config/described", body, replyTo });
}

function described(process: ProcessContext, node: ZooKeeperNodeState, step: Extract<ConfigStep, { step: "config/described" }>, answers: readonly ZooKeeperAnswer[]): void {
  step.body.resources.forEach((resource, index) => apply(process, node, entityOf(resource), configIn(answers[index]?.data)));
  handleDescribeConfigs(process, node.broker, step.body, step.replyTo);
}

// ---- IncrementalAlterConfigs

function entityOf({ resourceType, resourceName }: { readonly resourceType: number; readonly resourceName: string }): string {
  return resourceType === TOPIC ? `topics/${resourceName}` : `brokers/${resourceName === "" ? "<default>" : resourceName}`;
}

export function alterConfigs(process: ProcessContext, node: ZooKeeperNodeState, body: AlterBody, replyTo: ReplyTo<"IncrementalAlterConfigs">): void {
  askZooKeeper(process, node, body.resources.flatMap(({ resourceType, resourceName }) => [
    { op: "getData", path: resourceType === TOPIC ? topicConfigPath(resourceName) : brokerConfigPath(resourceName), watch: false } as const,
    { op: "exists", path: resourceType === TOPIC ? topicPath(resourceName) : "/brokers", watch: false } as const,
  ]), { step: "config/alter-read", body, replyTo });
}

function alterRead(
  process: ProcessContext, node: ZooKeeperNodeState, body: AlterBody, replyTo: ReplyTo<"IncrementalAlterConfigs">, answers: readonly ZooKeeperAnswer[],
): void {
  const responses: AlterAnswer[] = [];
  const written: { readonly entity: string; readonly exists: boolean; readonly configs: ConfigEntries; readonly topic: string | null }[] = [];
  body.resources.forEach((resource, index) => {
    const [current, owner] = [answers[2 * index], answers[2 * index + 1]];
    const { resourceType, resourceName } = resource;
    const after = changed(node, resource, new Map(configIn(current?.data)), owner?.error === "OK");
    const answer = { resourceType, resourceName };
    if ("error" in after) responses.push({ ...answer, ...after });
    else {
      responses.push({ ...answer, error: "NONE", errorMessage: null });
      written.push({ entity: entityOf(resource), exists: current?.error === "OK", configs: [...after], topic: resourceType === TOPIC ? resourceName : null });
    }
  });
  if (body.validateOnly || written.length === 0) return reply(process, node.broker, replyTo, { throttleTimeMs: 0, responses });
  askZooKeeper(process, node, written.flatMap(({ entity, exists, configs }) => [
    exists ? { op: "setData", path: `/config/${entity}`, data: configNode(configs), version: -1 } as const : createNode(`/config/${entity}`, configNode(configs)),
    createNode(`${CONFIG_CHANGES_PATH}/config_change_`, configChangeNode(entity), "persistent-sequential"),
  ]), {
    step: "config/altered", answers: responses, entities: written.map(({ entity }) => entity), replyTo,
    changes: written.flatMap(({ topic, configs }) => topic === null ? [] : [{ topic, configs }]),
  });
}

interface Refused { readonly error: KafkaError; readonly errorMessage: string | null }

/** AlterConfigOp: 0 set, 1 delete, 2 append, 3 subtract. */
function changed(
  node: ZooKeeperNodeState, resource: AlterBody["resources"][number], configs: Map<string, string>, exists: boolean,
): ReadonlyMap<string, string> | Refused {
  const { resourceType } = resource;
  if (resourceType !== TOPIC && resourceType !== BROKER) return { error: "INVALID_REQUEST", errorMessage: `Unsupported resource type ${resourceType}` };
  const { profile } = node.broker;
  for (const { name, configOperation, value } of resource.configs) {
    if (configOperation === 0 && value === null) return { error: "INVALID_REQUEST", errorMessage: `Null value not supported for : ${name}` };
    if (configOperation === 0) configs.set(name, value ?? "");
    else if (configOperation === 1) configs.delete(name);
    else {
      const setting = resourceType === TOPIC ? topicSetting(name, profile) : undefined;
      if (setting === undefined || settingType(setting) !== "LIST") {
        const operation = configOperation === 2 ? "append" : "subtract";
        return { error: "INVALID_CONFIG", errorMessage: `Config value ${operation} is not allowed for config key: ${name}` };
      }
      configs.set(name, listValue(configs.get(name) ?? setting.byDefault, value ?? "", configOperation === 2));
    }
  }
  if (resourceType === BROKER) {
    const asked = new Map(resource.configs.map(({ name, value }) => [name, value]));
    const refused = dynamicSettingsProblem(node.broker, asked, resource.resourceName !== "");
    return refused === null ? configs : invalidValue("BROKER", resource.resourceName, refused);
  }
  if (!exists) return { error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: null };
  const problem = topicConfigProblem([...configs].map(([name, value]) => ({ name, value })), profile);
  if (problem === null) return configs;
  return problem.startsWith("Invalid value") ? invalidValue("TOPIC", resource.resourceName, problem) : { error: "INVALID_CONFIG", errorMessage: problem };
}

function invalidValue(type: string, name: string, problem: string): Refused {
  return { error: "INVALID_REQUEST", errorMessage: `Invalid config value for resource ConfigResource(type=${type}, name='${name}'): ${problem}` };
}

function altered(process: ProcessContext, node: ZooKeeperNodeState, step: Extract<ConfigStep, { readonly step: "config/altered" }>): void {
  for (const { topic, configs } of step.changes) process.trace({ kind: "topic-configured", topic, configs });
  reply(process, node.broker, step.replyTo, { throttleTimeMs: 0, responses: step.answers });
}
