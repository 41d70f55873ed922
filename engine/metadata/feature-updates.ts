// Feature levels (KIP-584): what the first controller of a cluster writes, what a node says it supports, and UpdateFeatures.
// Follows FeatureControlManager.java, QuorumFeatures.java, ActivationRecordsGenerator.java (3.9, 4.3). FIDELITY: META-FEATURES, META-BOOTSTRAP.
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { profileOf, type VersionProfile } from "#engine/protocol/version-profile.ts";
import { answerOnly, type Decision, NO_REASON, type OperationContext } from "./controller-state.ts";
import type { ControllerConfig } from "./kraft-settings.ts";
import { type MetadataRecord, type SupportedFeature, ZK_NO_MIGRATION, ZK_PRE_MIGRATION } from "./records.ts";

const METADATA_VERSION = "metadata.version";
const KRAFT_VERSION = "kraft.version";

export function supportedFeatures(profile: VersionProfile): SupportedFeature[] {
  return profile.features.map(({ name, minSupportedVersion, maxSupportedVersion }) => ({ name, minSupportedVersion, maxSupportedVersion }));
}

/** One metadata transaction: feature levels, and either the state of a migration or, with ELR, min.insync.replicas for the whole cluster. */
export function bootstrapRecords(config: ControllerConfig): MetadataRecord[] {
  const profile = profileOf(config.kafka, "kraft");
  const levels = profile.features.filter(feature => feature.formatLevel > 0)
    .map((feature): MetadataRecord => ({ type: "FeatureLevelRecord", name: feature.name, featureLevel: feature.formatLevel }));
  const minIsr = String(config.overrides["min.insync.replicas"] ?? 1);
  const state: MetadataRecord = profile.eligibleLeaderReplicas
    ? { type: "ConfigRecord", resourceType: "BROKER", resourceName: "", name: "min.insync.replicas", value: minIsr }
    : { type: "ZkMigrationStateRecord", zkMigrationState: config.isMigrationEnabled ? ZK_PRE_MIGRATION : ZK_NO_MIGRATION };
  return [{ type: "BeginTransactionRecord", name: "Bootstrap records" }, ...levels, state, { type: "EndTransactionRecord" }];
}

// ---- UpdateFeatures

type Update = RequestOf<"UpdateFeatures">["featureUpdates"][number];
const UPGRADE = 1;
const UNSAFE_DOWNGRADE = 3;
/** Levels of metadata.version that can say what the level before could not: nobody goes back over them. */
const METADATA_CHANGES = [5, 6, 7, 8, 11, 13, 14, 15, 17, 23, 27, 29, 30];

export function updateFeatures(context: OperationContext, request: RequestOf<"UpdateFeatures">): Decision<"UpdateFeatures"> {
  const { updatesFeaturesTogether } = profileOf(context.config.kafka, "kraft");
  const records: MetadataRecord[] = [];
  const results: ResponseOf<"UpdateFeatures">["results"][number][] = [];
  let upgradesQuorum = false;
  for (const update of request.featureUpdates.toSorted((a, b) => a.feature < b.feature ? -1 : 1)) {
    const { feature, maxVersionLevel } = update;
    const errorMessage = updateProblem(context, update, updatesFeaturesTogether);
    results.push({ feature, error: errorMessage === null ? "NONE" : "INVALID_UPDATE_VERSION", errorMessage });
    if (errorMessage !== null) {
      if (updatesFeaturesTogether) return answerOnly(failedTogether(errorMessage));
    } else if (feature === KRAFT_VERSION && updatesFeaturesTogether) upgradesQuorum = maxVersionLevel > context.kraftVersion;
    else records.push({ type: "FeatureLevelRecord", name: feature, featureLevel: maxVersionLevel });
  }
  const response: ResponseOf<"UpdateFeatures"> = { throttleTimeMs: 0, error: "NONE", errorMessage: null, results: updatesFeaturesTogether ? [] : results };
  return request.validateOnly ? answerOnly(response) : { records, reason: NO_REASON, response, upgradesQuorum };
}

export function failedTogether(errorMessage: string): ResponseOf<"UpdateFeatures"> {
  const text = `The update failed for all features since the following feature had an error: ${errorMessage}`;
  return { throttleTimeMs: 0, error: "INVALID_UPDATE_VERSION", errorMessage: text, results: [] };
}

function updateProblem(context: OperationContext, update: Update, isSince4: boolean): string | null {
  const { feature, maxVersionLevel: level, upgradeType } = update;
  const problem = isSince4 && feature === KRAFT_VERSION ? kraftVersionProblem(context, level) : levelProblem(context, update);
  if (problem !== null) return `Invalid update version ${level} for feature ${feature}. ${problem}`;
  const current = context.image.features.get(feature) ?? 0;
  if (feature !== METADATA_VERSION || level >= current || !METADATA_CHANGES.some(changing => changing > level && changing <= current)) return null;
  return `Invalid metadata.version ${level}. ` + (upgradeType === UNSAFE_DOWNGRADE ? "Unsafe metadata downgrade is not supported in this version."
    : "Refusing to perform the requested downgrade because it might delete metadata information.");
}

function kraftVersionProblem(context: OperationContext, level: number): string | null {
  if (level < context.kraftVersion) return "Can't downgrade the version of this feature.";
  return unsupportedReason(context, KRAFT_VERSION, level);
}

function levelProblem(context: OperationContext, { feature, maxVersionLevel: level, upgradeType }: Update): string | null {
  if (upgradeType < UPGRADE || upgradeType > UNSAFE_DOWNGRADE) return "The controller does not support the given upgrade type.";
  if (level < 0) return "A feature version cannot be less than 0.";
  const unsupported = unsupportedReason(context, feature, level);
  if (unsupported !== null) return unsupported;
  const current = context.image.features.get(feature) ?? 0;
  if (level < current && upgradeType === UPGRADE) {
    return "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.";
  }
  return level > current && upgradeType !== UPGRADE ? "Can't downgrade to a newer version." : null;
}

function unsupportedReason({ config, image }: OperationContext, feature: string, level: number): string | null {
  const own = reasonNotSupported(`Local controller ${config.nodeId}`, supportedFeatures(profileOf(config.kafka, "kraft")), feature, level);
  if (own !== null) return own;
  for (const broker of image.brokers.values()) {
    const reason = reasonNotSupported(`Broker ${broker.brokerId}`, broker.features, feature, level);
    if (reason !== null) return reason;
  }
  for (const controller of image.controllers.values()) {
    if (controller.controllerId === config.nodeId) continue;
    const reason = reasonNotSupported(`Controller ${controller.controllerId}`, controller.features, feature, level);
    if (reason !== null) return reason;
  }
  return null;
}

function reasonNotSupported(who: string, features: readonly SupportedFeature[], name: string, level: number): string | null {
  const range = features.find(feature => feature.name === name);
  if (range === undefined || range.maxSupportedVersion === 0) return level === 0 ? null : `${who} does not support this feature.`;
  if (level >= range.minSupportedVersion && level <= range.maxSupportedVersion) return null;
  return `${who} only supports versions ${range.minSupportedVersion}-${range.maxSupportedVersion}`;
}
