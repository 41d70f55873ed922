// What differs between the releases and modes that a cluster can run: `3.9 zookeeper`, `3.9 kraft`, `4.3 kraft`. Whoever behaves differently
// asks the profile by name of the difference, never by comparing versions. FIDELITY: CLUSTER-PROFILE.

export type KafkaVersion = "3.9" | "4.3";
export type ClusterMode = "zookeeper" | "kraft";

export interface FeatureRange {
  readonly name: string; readonly minSupportedVersion: number; readonly maxSupportedVersion: number; readonly formatLevel: number;
}

export interface VersionProfile {
  readonly kafka: KafkaVersion;
  readonly mode: ClusterMode;
  /** The release that the recordings were made with, as tools print it. */
  readonly release: "3.9.1" | "4.3.1";
  /** Level of the feature metadata.version that a new cluster is formatted with: 21 is 3.9-IV0. */
  readonly metadataVersion: number;
  readonly metadataVersionName: string;
  /** KIP-966: eligible leader replicas; on in new 4.x clusters. */
  readonly eligibleLeaderReplicas: boolean;
  /** 4.x writes the ISR in ascending order after an expansion; 3.9 in order of joining. */
  readonly sortsIsr: boolean;
  /** KIP-1066: brokers tell which log directories take no new replicas. */
  readonly cordonsLogDirectories: boolean;
  /** A fenced broker that was heard from within broker.session.timeout.ms still has a session: its id can not be registered anew (4.0). */
  readonly fencedBrokersHaveSessions: boolean;
  /** message.format.version, message.downconversion.enable, message.timestamp.difference.max.ms: gone in 4.0. */
  readonly hasMessageFormatSettings: boolean;
  /** KIP-1030: new defaults and ranges of settings (message.timestamp.after.max.ms, segment.bytes, …). */
  readonly hasRevisedDefaults: boolean;
  /** UpdateFeatures changes all features or none, and kraft.version stands in the quorum's own records (4.0, 4.1). */
  readonly updatesFeaturesTogether: boolean;
  /** Feature levels (KIP-584): what the release supports, and the level that a new cluster is formatted with; 0 is not written. */
  readonly features: readonly FeatureRange[];
  /** 4.0 has no ZooKeeper mode: process.roles and controller.listener.names must be set, and a socket server names its listener plainly in its log. */
  readonly kraftOnly: boolean;
  /** KIP-996: a follower asks for pre-votes before it raises its epoch. */
  readonly preVote: boolean;
  /** KIP-1166 (4.1): a fetch of the metadata log is answered as soon as the high watermark has moved, not only by new records. */
  readonly pushesHighWatermark: boolean;
  /** How messages name a voter: `directoryId=Optional[…]` before 4.0. */
  readonly printsOptionalDirectory: boolean;
  /** 4.x looks at each batch of an append when it writes the indexes of a segment; 3.9 at the append as a whole. */
  readonly indexesEachBatch: boolean;
  /** Default of the producer's linger.ms (KIP-1030). */
  readonly lingerMs: 0 | 5;
  /** Clients of 4.x say of an expired batch that no answer was received, and of a node whether it is fenced. */
  readonly tellsMoreInClientTexts: boolean;
  /** A partitioner.class is asked a second time for a record that begins a new batch (KAFKA-9965, until 4.0). */
  readonly asksPartitionerAgain: boolean;
}

const FEATURES_3_9: readonly FeatureRange[] = [
  { name: "kraft.version", minSupportedVersion: 0, maxSupportedVersion: 1, formatLevel: 0 },
  { name: "metadata.version", minSupportedVersion: 1, maxSupportedVersion: 21, formatLevel: 21 },
];
const FEATURES_4_3: readonly FeatureRange[] = [
  { name: "metadata.version", minSupportedVersion: 7, maxSupportedVersion: 30, formatLevel: 30 },
  { name: "eligible.leader.replicas.version", minSupportedVersion: 0, maxSupportedVersion: 1, formatLevel: 1 },
  { name: "group.version", minSupportedVersion: 0, maxSupportedVersion: 1, formatLevel: 1 },
  { name: "share.version", minSupportedVersion: 0, maxSupportedVersion: 1, formatLevel: 1 },
  { name: "streams.version", minSupportedVersion: 0, maxSupportedVersion: 1, formatLevel: 1 },
  { name: "transaction.version", minSupportedVersion: 0, maxSupportedVersion: 2, formatLevel: 2 },
  { name: "kraft.version", minSupportedVersion: 0, maxSupportedVersion: 1, formatLevel: 0 },
];

export const PROFILES: readonly VersionProfile[] = [
  {
    kafka: "3.9", mode: "zookeeper", indexesEachBatch: false, release: "3.9.1", metadataVersion: 21, metadataVersionName: "3.9-IV0",
    eligibleLeaderReplicas: false, sortsIsr: false, cordonsLogDirectories: false, fencedBrokersHaveSessions: false,
    hasMessageFormatSettings: true, hasRevisedDefaults: false, updatesFeaturesTogether: false, features: FEATURES_3_9, kraftOnly: false, preVote: false, pushesHighWatermark: false, printsOptionalDirectory: true, lingerMs: 0, tellsMoreInClientTexts: false, asksPartitionerAgain: true,
  },
  {
    kafka: "3.9", mode: "kraft", indexesEachBatch: false, release: "3.9.1", metadataVersion: 21, metadataVersionName: "3.9-IV0",
    eligibleLeaderReplicas: false, sortsIsr: false, cordonsLogDirectories: false, fencedBrokersHaveSessions: false,
    hasMessageFormatSettings: true, hasRevisedDefaults: false, updatesFeaturesTogether: false, features: FEATURES_3_9, kraftOnly: false, preVote: false, pushesHighWatermark: false, printsOptionalDirectory: true, lingerMs: 0, tellsMoreInClientTexts: false, asksPartitionerAgain: true,
  },
  {
    kafka: "4.3", mode: "kraft", indexesEachBatch: true, release: "4.3.1", metadataVersion: 30, metadataVersionName: "4.3-IV0",
    eligibleLeaderReplicas: true, sortsIsr: true, cordonsLogDirectories: true, fencedBrokersHaveSessions: true,
    hasMessageFormatSettings: false, hasRevisedDefaults: true, updatesFeaturesTogether: true, features: FEATURES_4_3, kraftOnly: true, preVote: true, pushesHighWatermark: true, printsOptionalDirectory: false, lingerMs: 5, tellsMoreInClientTexts: true, asksPartitionerAgain: false,
  },
];

/** The profile of a release in a mode; null where there is none (4.x has no ZooKeeper mode). */
export function findProfile(kafka: string, mode: string): VersionProfile | null {
  return PROFILES.find(profile => profile.kafka === kafka && profile.mode === mode) ?? null;
}

export function profileOf(kafka: KafkaVersion, mode: ClusterMode): VersionProfile {
  const profile = findProfile(kafka, mode);
  if (profile === null) throw new RangeError(`there is no profile "${kafka} ${mode}"`);
  return profile;
}

/** As pages and diagrams print it: "Kafka 3.9, ZooKeeper". */
export function profileTitle(profile: { readonly kafka: string; readonly mode: string }): string {
  return `Kafka ${profile.kafka}, ${profile.mode === "kraft" ? "KRaft" : "ZooKeeper"}`;
}
