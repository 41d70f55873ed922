// AlterClientQuotas and DescribeClientQuotas (KIP-546): limits for clients, users and addresses, as they stand in the metadata.
// Follows ClientQuotaControlManager.java, ClientQuotasImage.java (3.9). FIDELITY: META-QUOTAS.
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { answerOnly, type Decision, NO_REASON, type OperationContext } from "./controller-state.ts";
import { type MetadataImage, quotaEntityKey } from "./image.ts";
import { hashMapOrder, javaHash } from "./java-random.ts";
import type { MetadataRecord, QuotaEntityPart } from "./records.ts";
import { type Refusal, refuse } from "./replica-assignment.ts";

type Entry = RequestOf<"AlterClientQuotas">["entries"][number];
type Component = RequestOf<"DescribeClientQuotas">["components"][number];

const ENTITY_TYPES: ReadonlySet<string> = new Set(["user", "client-id", "ip"]);
const USER_AND_CLIENT_KEYS: ReadonlyMap<string, "LONG" | "DOUBLE"> = new Map(
  [["producer_byte_rate", "LONG"], ["consumer_byte_rate", "LONG"], ["request_percentage", "DOUBLE"], ["controller_mutation_rate", "DOUBLE"]]);
const IP_KEYS: ReadonlyMap<string, "INT"> = new Map([["connection_creation_rate", "INT"]]);

export function alterClientQuotas(context: OperationContext, request: RequestOf<"AlterClientQuotas">): Decision<"AlterClientQuotas"> {
  const records: MetadataRecord[] = [];
  const entries = request.entries.map((entry): ResponseOf<"AlterClientQuotas">["entries"][number] => {
    const changed = alterEntity(context.image, entry);
    if ("error" in changed) return { ...changed, entity: entry.entity };
    records.push(...changed);
    return { error: "NONE", errorMessage: null, entity: entry.entity };
  });
  const response: ResponseOf<"AlterClientQuotas"> = { throttleTimeMs: 0, entries };
  return request.validateOnly ? answerOnly(response) : { records, reason: NO_REASON, response };
}

function alterEntity(image: MetadataImage, { entity, ops }: Entry): MetadataRecord[] | Refusal {
  const problem = entityProblem(entity);
  if (problem !== null) return refuse("INVALID_REQUEST", problem);
  const keys = entity.some(part => part.entityType === "ip") ? IP_KEYS : USER_AND_CLIENT_KEYS;
  const current = image.clientQuotas.get(quotaEntityKey(entity))?.values;
  // Both lie in Java's hash maps: the records come in their order.
  const parts = hashMapOrder(entity, part => javaHash(part.entityType), 3);
  const records: MetadataRecord[] = [];
  for (const { key, value, remove } of hashMapOrder(ops, op => javaHash(op.key), ops.length)) {
    if (remove) {
      if (current?.has(key) === true) records.push({ type: "ClientQuotaRecord", entity: parts, key, value: 0, remove: true });
      continue;
    }
    const wrong = valueProblem(keys.get(key), key, value);
    if (wrong !== null) return refuse("INVALID_REQUEST", wrong);
    if (current?.get(key) !== value) records.push({ type: "ClientQuotaRecord", entity: parts, key, value, remove: false });
  }
  return records;
}

function entityProblem(entity: readonly QuotaEntityPart[]): string | null {
  if (entity.length === 0) return "Invalid empty client quota entity";
  for (const { entityType, entityName } of entity) {
    if (!ENTITY_TYPES.has(entityType)) return `Unhandled client quota entity type: ${entityType}`;
    if (entityName === "") return `Empty ${entityType} not supported`;
  }
  const isMixed = entity.some(part => part.entityType === "ip") && entity.length > 1;
  return isMixed ? "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId" : null;
}

function valueProblem(type: "LONG" | "DOUBLE" | "INT" | undefined, key: string, value: number): string | null {
  if (type === undefined) return `Invalid configuration key ${key}`;
  if (value <= 0) return `Quota ${key} must be greater than 0`;
  if (type === "DOUBLE") return null;
  if (type === "INT" && value > 2_147_483_647) return `Proposed value for ${key} is too large for an INT.`;
  return value % 1 > 1e-6 ? `${key} cannot be a fractional value.` : null;
}

// ---- asked by clients, answered by any broker from its own image

export function describeClientQuotas(image: MetadataImage, request: RequestOf<"DescribeClientQuotas">): ResponseOf<"DescribeClientQuotas"> {
  const problem = componentsProblem(request.components);
  if (problem !== null) return { throttleTimeMs: 0, error: problem.error, errorMessage: problem.errorMessage, entries: null };
  const entries = [...image.clientQuotas.values()].filter(({ entity }) => matches(entity, request.components, request.strict))
    .map(({ entity, values }) => ({ entity, values: [...values].map(([key, value]) => ({ key, value })) }));
  return { throttleTimeMs: 0, error: "NONE", errorMessage: null, entries };
}

function componentsProblem(components: readonly Component[]): Refusal | null {
  const seen = new Set<string>();
  for (const { entityType, matchType, match } of components) {
    if (entityType === "") return refuse("INVALID_REQUEST", "Invalid empty entity type.");
    if (seen.has(entityType)) return refuse("INVALID_REQUEST", `Entity type ${entityType} cannot appear more than once in the filter.`);
    seen.add(entityType);
    if (!ENTITY_TYPES.has(entityType)) return refuse("UNSUPPORTED_VERSION", `Unsupported entity type ${entityType}.`);
    if (matchType === 0 && match === null) return refuse("INVALID_REQUEST", "Request specified MATCH_TYPE_EXACT, but set match string to null.");
    if (matchType === 1 && match !== null) return refuse("INVALID_REQUEST", "Request specified MATCH_TYPE_DEFAULT, but also specified a match string.");
  }
  return seen.has("ip") && seen.size > 1
    ? refuse("INVALID_REQUEST", "Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.") : null;
}

/** Strict: the entity has no other part. */
function matches(entity: readonly QuotaEntityPart[], components: readonly Component[], strict: boolean): boolean {
  if (strict && entity.length !== components.length) return false;
  return components.every(({ entityType, matchType, match }) => {
    const part = entity.find(candidate => candidate.entityType === entityType);
    if (part === undefined) return false;
    return matchType === 2 || part.entityName === (matchType === 0 ? match : null);
  });
}
