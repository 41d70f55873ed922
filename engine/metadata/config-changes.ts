// IncrementalAlterConfigs: settings of topics and of running brokers. Each resource is changed as a whole or not at all.
// Follows ConfigurationControlManager.incrementalAlterConfigs, ControllerConfigurationValidator.scala, ControllerApis (3.9, 4.3).
// FIDELITY: META-CONFIGS, META-ELR.
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { answerOnly, type Decision, NO_REASON, type OperationContext } from "./controller-state.ts";
import type { MetadataImage } from "./image.ts";
import { hashMapOrder, javaHash } from "./java-random.ts";
import { configView, isElrEnabled } from "./partition-leadership.ts";
import type { ConfigResourceType, MetadataRecord } from "./records.ts";
import { type Refusal, refuse } from "./replica-assignment.ts";
import { settingType, topicConfigProblem, topicSetting } from "./topic-configs.ts";
import { topicNameProblem } from "./topic-names.ts";

type Resource = RequestOf<"IncrementalAlterConfigs">["resources"][number];
type Answer = ResponseOf<"IncrementalAlterConfigs">["responses"][number];
type ConfigRecord = MetadataRecord & { readonly type: "ConfigRecord" };

const NONE: ReadonlyMap<string, string> = new Map();
const OPERATIONS = ["SET", "DELETE", "APPEND", "SUBTRACT"] as const;
const LIST_SETTINGS_OF_BROKERS: ReadonlySet<string> = new Set(["log.cleanup.policy", "metric.reporters"]);

/** ConfigResource.Type of a request; null for one that is not kept in the metadata here. */
export function resourceTypeOf(id: number): ConfigResourceType | null {
  return id === 2 ? "TOPIC" : id === 4 ? "BROKER" : null;
}

export function incrementalAlterConfigs(context: OperationContext, request: RequestOf<"IncrementalAlterConfigs">): Decision<"IncrementalAlterConfigs"> {
  const records: ConfigRecord[] = [];
  const responses = request.resources.map((resource, index): Answer => {
    const { resourceType, resourceName } = resource;
    const isDuplicate = request.resources.some((other, at) => at !== index && other.resourceType === resourceType && other.resourceName === resourceName);
    const changed = isDuplicate ? refuse("INVALID_REQUEST", "Duplicate resource.") : alterResource(context, resource);
    if ("error" in changed) return { ...changed, resourceType, resourceName };
    records.push(...changed);
    return { error: "NONE", errorMessage: null, resourceType, resourceName };
  });
  const response: ResponseOf<"IncrementalAlterConfigs"> = { throttleTimeMs: 0, responses };
  if (request.validateOnly) return answerOnly(response);
  return { records: [...records, ...clearElrRecords(context.image, records)], reason: NO_REASON, response };
}

/** A changed min.insync.replicas makes what was eligible meaningless (KIP-966). */
export function clearElrRecords(image: MetadataImage, records: readonly MetadataRecord[]): MetadataRecord[] {
  if (!isElrEnabled(image)) return [];
  return records.flatMap(record => record.type === "ConfigRecord" && record.name === "min.insync.replicas"
    ? [{ type: "ClearElrRecord", topicName: record.resourceType === "TOPIC" ? record.resourceName : "" } as const] : []);
}

function alterResource(context: OperationContext, resource: Resource): ConfigRecord[] | Refusal {
  const { image } = context;
  const resourceType = resourceTypeOf(resource.resourceType);
  if (resourceType === null) return refuse("UNSUPPORTED_VERSION", `Unknown resource type ${resource.resourceType}.`);
  const { resourceName } = resource;
  const topic = image.topics.get(resourceName);
  const existing = (resourceType === "TOPIC" ? topic?.configs : image.brokerConfigs.get(resourceName)) ?? NONE;
  const records: ConfigRecord[] = [];
  const after = new Map(existing);
  for (const { name, configOperation, value } of hashMapOrder(resource.configs, config => javaHash(config.name))) {
    const operation = OPERATIONS[configOperation] ?? "SET";
    const isList = isListSetting(context, resourceType, name);
    if ((operation === "APPEND" || operation === "SUBTRACT") && !isList) {
      return refuse("INVALID_CONFIG", `Can't ${operation} to key ${name} because its type is not LIST.`);
    }
    const before = existing.get(name);
    const next = nextValue(operation, value, before ?? inherited(context, resourceType, name));
    if (next === undefined) after.delete(name);
    else after.set(name, next);
    // A broker is told even what it has already, so that it reads again what a setting points to.
    if (next !== before || resourceType === "BROKER") records.push({ type: "ConfigRecord", resourceType, resourceName, name, value: next ?? null });
  }
  return minIsrProblem(context, records) ?? problemOf(context, resourceType, resourceName, after) ?? records;
}

/** With eligible leader replicas all brokers must agree on min.insync.replicas (KIP-966). */
function minIsrProblem({ image }: OperationContext, records: readonly ConfigRecord[]): Refusal | null {
  const record = isElrEnabled(image) ? records.find(({ resourceType, name }) => resourceType === "BROKER" && name === "min.insync.replicas") : undefined;
  if (record === undefined) return null;
  if (record.resourceName !== "") return refuse("INVALID_CONFIG", "Broker-level min.insync.replicas cannot be altered while ELR is enabled.");
  return record.value === null ? refuse("INVALID_CONFIG", "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.") : null;
}

function problemOf(context: OperationContext, resourceType: ConfigResourceType, name: string, after: ReadonlyMap<string, string>): Refusal | null {
  if (resourceType === "BROKER") {
    if (name !== "" && !/^[+-]?\d+$/.test(name)) return refuse("INVALID_REQUEST", "Unable to parse broker name as a base 10 number.");
    if (Number(name) < 0) return refuse("INVALID_REQUEST", "Invalid negative broker ID.");
    return name === "" || context.image.brokers.has(Number(name)) || context.image.controllers.has(Number(name)) ? null
      : refuse("BROKER_ID_NOT_REGISTERED", `No node with id ${name} found.`);
  }
  if (name === "") return refuse("INVALID_REQUEST", "Default topic resources are not allowed.");
  const nameProblem = topicNameProblem(name);
  if (nameProblem !== null) return refuse("INVALID_TOPIC_EXCEPTION", nameProblem);
  const problem = topicConfigProblem([...after].map(([key, value]) => ({ name: key, value })), configView(context).profile);
  if (problem !== null) return refuse("INVALID_CONFIG", problem);
  return context.image.topics.has(name) ? null : refuse("UNKNOWN_TOPIC_OR_PARTITION", `The topic '${name}' does not exist.`);
}

function isListSetting(context: OperationContext, resourceType: ConfigResourceType, name: string): boolean {
  if (resourceType === "BROKER") return LIST_SETTINGS_OF_BROKERS.has(name);
  const setting = topicSetting(name, configView(context).profile);
  return setting !== undefined && settingType(setting) === "LIST";
}

/** What APPEND and SUBTRACT start from when the resource has no value of its own: Kafka's default, not the broker's file. */
function inherited(context: OperationContext, resourceType: ConfigResourceType, name: string): string {
  if (resourceType === "BROKER") return name === "log.cleanup.policy" ? "delete" : "";
  return topicSetting(name, configView(context).profile)?.byDefault ?? "";
}

function nextValue(operation: (typeof OPERATIONS)[number], value: string | null, before: string): string | undefined {
  switch (operation) {
    case "SET": return value ?? "";
    case "DELETE": return undefined;
    case "APPEND": {
      const items = before.split(",").filter(item => item !== "");
      for (const item of (value ?? "").split(",")) if (!items.includes(item)) items.push(item);
      return items.join(",");
    }
    case "SUBTRACT": {
      const without = (value ?? "").split(",");
      return before.split(",").filter(item => item !== "" && !without.includes(item)).join(",");
    }
  }
}
