// What `kafka-storage.sh format` leaves in a node's log directory: meta.properties with cluster id, node id and directory id, the bootstrap checkpoint,
// and for a quorum whose voters stand in the log the snapshot 0-0 with its first voters. Source: Formatter.java, MetaProperties.java.
// FIDELITY: LIFE-STORAGE.
import { type Disk, readRecordFile, writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { toMs } from "#engine/core/time.ts";
import { type KafkaVersion, profileOf } from "#engine/protocol/version-profile.ts";
import type { Voter } from "#engine/raft/raft-batch.ts";
import { writeFirstVoters } from "#engine/raft/raft-snapshot.ts";
import type { KraftSettings } from "./kraft-settings.ts";
import { randomUuid } from "./random-uuid.ts";

export const META_PROPERTIES_PATH = "meta.properties";
export const BOOTSTRAP_CHECKPOINT_PATH = "bootstrap.checkpoint";

/** @property directoryId empty on a broker in ZooKeeper mode. */
export interface MetaProperties { readonly clusterId: string; readonly nodeId: number; readonly directoryId: string }

export function readMetaProperties(disk: Disk): MetaProperties | null {
  const content = readRecordFile(disk, META_PROPERTIES_PATH);
  return content === undefined ? null : content as MetaProperties;
}

/** What the log directory says; an empty one is formatted first, as an operator would have done before the first start. */
export function openStorage(process: ProcessContext, settings: KraftSettings): MetaProperties {
  const stored = readMetaProperties(process.disk);
  if (stored !== null) return stored.directoryId === "" ? withDirectoryId(process, stored) : stored;
  const voters = settings.roles.includes("controller") ? firstVoters(settings) : [];
  const own = voters.find(voter => voter.nodeId === settings.nodeId);
  const { storage } = settings;
  const formatted = typeof storage === "object" ? storage : {};
  const written: MetaProperties = {
    clusterId: formatted.clusterId ?? settings.clusterId, nodeId: formatted.nodeId ?? settings.nodeId, directoryId: own?.directoryId ?? randomUuid(process, "directory id"),
  };
  writeRecordFile(process.disk, META_PROPERTIES_PATH, written, true);
  writeRecordFile(process.disk, BOOTSTRAP_CHECKPOINT_PATH, bootstrapFeatures(settings.kafka), true);
  if (own !== undefined) {
    writeFirstVoters(process.disk, { offset: -1, kraftVersion: 1, voters }, toMs(process.now));
  }
  return written;
}

/** A broker in ZooKeeper mode has none before it takes part in a migration. */
function withDirectoryId(process: ProcessContext, stored: MetaProperties): MetaProperties {
  const written = { ...stored, directoryId: randomUuid(process, "directory id") };
  writeRecordFile(process.disk, META_PROPERTIES_PATH, written, true);
  return written;
}

/** Feature levels that the first controller writes. */
function bootstrapFeatures(kafka: KafkaVersion): ReadonlyMap<string, number> {
  const features = new Map<string, number>();
  for (const { name, formatLevel } of profileOf(kafka, "kraft").features) if (formatLevel > 0) features.set(name, formatLevel);
  return features;
}

/**
 * Voters of `--initial-controllers`: those of the quorum that have a directory id. When none has, all of them, each with an id that follows from its
 * node id: so every controller can be formatted alone.
 */
function firstVoters({ quorum, isQuorumDynamic }: KraftSettings): Voter[] {
  if (!isQuorumDynamic) return [];
  const isNamed = quorum.some(peer => peer.directoryId !== undefined);
  const voters: Voter[] = [];
  for (const { nodeId, host, port, directoryId } of quorum) {
    if (directoryId !== undefined || !isNamed) voters.push({ nodeId, host, port, directoryId: directoryId ?? `InitialControllerOf${String(nodeId).padStart(4, "0")}` });
  }
  return voters.sort((a, b) => a.nodeId - b.nodeId);
}
