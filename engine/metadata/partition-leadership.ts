// Which partitions change when a broker comes, goes or has lost something, and what the controller asks of every change: who may lead, where a
// new replica goes, which ISR is too small. Follows ReplicationControlManager.java: generateLeaderAndIsrUpdates, LeaderAcceptor,
// getTopicEffectiveMinIsr, handleBroker… (3.9, 4.3). FIDELITY: META-ITERATION-ORDER, META-ELR.
import { profileOf } from "#engine/protocol/version-profile.ts";
import type { OperationContext } from "./controller-state.ts";
import { type ConfigView, effectiveTopicConfig } from "./effective-configs.ts";
import { LOST_DIRECTORY, type MetadataImage, type PartitionRegistration, type TopicImage, UNASSIGNED_DIRECTORY } from "./image.ts";
import { buildPartitionChange, type ChangeWish, type Election } from "./partition-change-builder.ts";
import { partitionsOf, type PartitionSet } from "./partition-index.ts";
import type { MetadataRecord } from "./records.ts";

const NOBODY = -1;
/** DirectoryId.reserved: the first hundred ids name no directory. */
const MIGRATING_DIRECTORY = "AAAAAAAAAAAAAAAAAAAAAg";

/** Unfenced and not about to stop: may lead and be in sync. */
export function isActiveBroker(image: MetadataImage, broker: number): boolean {
  const registration = image.brokers.get(broker);
  return registration !== undefined && !registration.fenced && !registration.inControlledShutdown;
}

/** Whether a broker's log directory works, as far as is known. */
function hasOnlineDirectory(image: MetadataImage, broker: number, directory: string): boolean {
  if (directory === UNASSIGNED_DIRECTORY || directory === MIGRATING_DIRECTORY) return true;
  return directory !== LOST_DIRECTORY && image.brokers.get(broker)?.logDirs.includes(directory) === true;
}

/** Active, and its replica's log directory is not known to be broken. */
export function mayLead(image: MetadataImage, partition: PartitionRegistration, broker: number): boolean {
  return isActiveBroker(image, broker) && hasOnlineDirectory(image, broker, directoryOf(partition, broker));
}

function directoryOf(partition: PartitionRegistration, broker: number): string {
  return partition.directories[partition.replicas.indexOf(broker)] ?? UNASSIGNED_DIRECTORY;
}

/** Where a new replica of the broker goes: known at once when it has one log directory only. */
export function defaultDirectory(image: MetadataImage, broker: number): string {
  const directories = image.brokers.get(broker)?.logDirs ?? [];
  return directories.length === 1 ? directories[0] ?? UNASSIGNED_DIRECTORY : UNASSIGNED_DIRECTORY;
}

// ---- what topics are set to

export function configView({ config, image }: Pick<OperationContext, "config" | "image">): ConfigView {
  return { nodeId: config.nodeId, overrides: config.overrides, image, profile: profileOf(config.kafka, "kraft") };
}

export function isUncleanElectionEnabled(context: OperationContext, topic: TopicImage): boolean {
  return effectiveTopicConfig(configView(context), topic, "unclean.leader.election.enable") === "true";
}

/** Eligible leader replicas are kept when the feature is on. */
export function isElrEnabled(image: MetadataImage): boolean {
  return (image.features.get("eligible.leader.replicas.version") ?? 0) > 0;
}

function effectiveMinIsr(context: OperationContext, topic: TopicImage): number {
  const setting = Number(effectiveTopicConfig(configView(context), topic, "min.insync.replicas"));
  return Math.min(setting, topic.partitions[0]?.replicas.length ?? setting);
}

/** What every change of a topic's partitions has in common. */
export function wishFor(
  context: OperationContext, topic: TopicImage, election: Election, uncleanShutdown = NOBODY,
): Pick<ChangeWish, "topicId" | "election" | "directoryOf" | "bumpsEpochOnShrink"> & Partial<Pick<ChangeWish, "elr">> {
  const { image, config } = context;
  const elr = isElrEnabled(image) ? { elr: { minIsr: effectiveMinIsr(context, topic), uncleanShutdown } } : {};
  return { topicId: topic.topicId, election, bumpsEpochOnShrink: config.isMigrationEnabled, directoryOf: broker => defaultDirectory(image, broker), ...elr };
}

// ---- a broker comes or goes

/** Who must not lead and leaves the ISR, who may lead although it is fenced still, who has lost its unwritten data. -1: nobody. */
interface Mover { readonly leaving?: number; readonly arriving?: number; readonly uncleanShutdown?: number }

/** Changes that follow when `leaving` must be out of all ISRs and lead nothing. */
export function changesWithout(context: OperationContext, leaving: number): MetadataRecord[] {
  return changes(context, context.index.isr.get(leaving), { leaving });
}

/** Elections that become possible when `arriving` may lead: only partitions that nobody leads are looked at. */
export function changesWith(context: OperationContext, arriving: number): MetadataRecord[] {
  return changes(context, context.index.leaderless, { arriving });
}

/** A broker that will not come back: out of the ISRs, then out of the ELRs. */
export function changesWithoutForEver(context: OperationContext, leaving: number): MetadataRecord[] {
  return [...changesWithout(context, leaving), ...changes(context, context.index.elr.get(leaving), { leaving })];
}

/** A broker that has not closed its logs cannot be trusted with what it had confirmed (KIP-966). */
export function changesAfterUncleanShutdown(context: OperationContext, uncleanShutdown: number): MetadataRecord[] {
  if (!isElrEnabled(context.image)) return [];
  return [context.index.isr, context.index.elr].flatMap(byBroker => changes(context, byBroker.get(uncleanShutdown), { uncleanShutdown }));
}

/** Partitions whose replica on the broker is in a log directory that has failed. */
export function changesWithoutReplicas(context: OperationContext, leaving: number, set: PartitionSet): MetadataRecord[] {
  return changes(context, set, { leaving });
}

function changes(context: OperationContext, set: PartitionSet | undefined, mover: Mover): MetadataRecord[] {
  const { leaving = NOBODY, arriving = NOBODY, uncleanShutdown = NOBODY } = mover;
  const { image } = context;
  const records: MetadataRecord[] = [];
  let common: ReturnType<typeof wishFor> | null = null;
  for (const { topic, partition } of partitionsOf(image, set)) {
    if (common?.topicId !== topic.topicId) {
      common = wishFor(context, topic, isUncleanElectionEnabled(context, topic) ? "unclean" : "online", uncleanShutdown);
    }
    const isAcceptable = (broker: number): boolean => broker !== leaving && broker !== uncleanShutdown
      && (broker === arriving || isActiveBroker(image, broker)) && hasOnlineDirectory(image, broker, directoryOf(partition, broker));
    const targetIsr = partition.isr.filter(broker => broker !== leaving && broker !== uncleanShutdown);
    const record = buildPartitionChange(partition, { ...common, targetIsr, isAcceptable });
    if (record !== null) records.push(record);
  }
  return records;
}
