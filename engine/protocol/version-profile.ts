// What differs between the releases and modes that a cluster can run: `3.9 zookeeper`, `3.9 kraft`, `4.3 kraft`. Whoever behaves differently
// asks the profile by name of the difference, never by comparing versions. FIDELITY: CLUSTER-PROFILE.

export type KafkaVersion = "3.9" | "4.3";
export type ClusterMode = "zookeeper" | "kraft";

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
  /** KIP-996: a follower asks for pre-votes before it raises its epoch. */
  readonly preVote: boolean;
  /** Default of the producer's linger.ms (KIP-1030). */
  readonly lingerMs: 0 | 5;
}

const PROFILES: readonly VersionProfile[] = [
  { kafka: "3.9", mode: "zookeeper", release: "3.9.1", metadataVersion: 21, metadataVersionName: "3.9-IV0", eligibleLeaderReplicas: false, sortsIsr: false, preVote: false, lingerMs: 0 },
  { kafka: "3.9", mode: "kraft", release: "3.9.1", metadataVersion: 21, metadataVersionName: "3.9-IV0", eligibleLeaderReplicas: false, sortsIsr: false, preVote: false, lingerMs: 0 },
  { kafka: "4.3", mode: "kraft", release: "4.3.1", metadataVersion: 30, metadataVersionName: "4.3-IV0", eligibleLeaderReplicas: true, sortsIsr: true, preVote: true, lingerMs: 5 },
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
