// A record of the metadata log as kafka-dump-log prints it: type in capitals, the version that the cluster's metadata.version writes, and the
// fields under their names in Kafka's schemas, in the schema's order; a tagged field with its default is left out.
// Source: MetadataNodeUtils/DumpLogSegments (--cluster-metadata-decoder) and the generated …JsonConverter classes (3.9, 4.3).
// FIDELITY: META-RECORDS.
import type { VersionProfile } from "#engine/protocol/version-profile.ts";
import type { LeaderRecoveryState, MetadataRecord } from "./records.ts";

export interface RecordText { readonly type: string; readonly version: number; readonly data: Readonly<Record<string, unknown>> }

/** ConfigResource.Type ids. */
const RESOURCE_TYPE_IDS = { TOPIC: 2, BROKER: 4 } as const;

/** "RegisterBrokerRecord" -> "REGISTER_BROKER_RECORD": MetadataRecordType. */
export function recordTypeName(type: string): string {
  return type.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

export function recordText(record: MetadataRecord, profile: VersionProfile): RecordText {
  return { type: recordTypeName(record.type), version: recordVersion(record, profile), data: recordData(record) };
}

/** The line of kafka-dump-log behind `payload: `. */
export function recordPayload(record: MetadataRecord, profile: VersionProfile): string {
  return JSON.stringify(recordText(record, profile));
}

function recordVersion(record: MetadataRecord, profile: VersionProfile): number {
  switch (record.type) {
    case "RegisterBrokerRecord": return profile.cordonsLogDirectories ? 4 : 3;
    case "PartitionRecord":
      if (record.directories.length === 0) return 0;
      return profile.eligibleLeaderReplicas ? 2 : 1;
    case "PartitionChangeRecord": return profile.eligibleLeaderReplicas ? 2 : 1;
    case "BrokerRegistrationChangeRecord":
      if (record.cordonedLogDirs !== undefined) return 3;
      if (record.logDirs !== undefined) return 2;
      return record.inControlledShutdown === 1 ? 1 : 0;
    default: return 0;
  }
}

function recoveryId(state: LeaderRecoveryState): number {
  return state === "RECOVERING" ? 1 : 0;
}

/** Those of the fields that are there. */
function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function recordData(record: MetadataRecord): Record<string, unknown> {
  switch (record.type) {
    case "PartitionRecord": {
      const { partitionId, topicId, replicas, isr, removingReplicas, addingReplicas, leader, leaderEpoch, partitionEpoch, directories } = record;
      return present({
        partitionId, topicId, replicas, isr, removingReplicas, addingReplicas, leader,
        leaderRecoveryState: record.leaderRecoveryState === "RECOVERING" ? 1 : undefined, leaderEpoch, partitionEpoch, directories: directories.length === 0 ? undefined : directories,
        eligibleLeaderReplicas: record.eligibleLeaderReplicas, lastKnownElr: record.lastKnownElr,
      });
    }
    case "PartitionChangeRecord": {
      const { partitionId, topicId, isr, leader, replicas, removingReplicas, addingReplicas, leaderRecoveryState } = record;
      return present({
        partitionId, topicId, isr, leader, replicas, removingReplicas, addingReplicas,
        leaderRecoveryState: leaderRecoveryState === undefined ? undefined : recoveryId(leaderRecoveryState),
        eligibleLeaderReplicas: record.eligibleLeaderReplicas, lastKnownElr: record.lastKnownElr, directories: record.directories,
      });
    }
    case "BrokerRegistrationChangeRecord": {
      const { brokerId, brokerEpoch, fenced, inControlledShutdown, logDirs, cordonedLogDirs } = record;
      return present({
        brokerId, brokerEpoch, fenced: fenced === 0 ? undefined : fenced, inControlledShutdown: inControlledShutdown === 0 ? undefined : inControlledShutdown,
        logDirs, cordonedLogDirs,
      });
    }
    case "ConfigRecord": {
      const { resourceType, resourceName, name, value } = record;
      return { resourceType: RESOURCE_TYPE_IDS[resourceType], resourceName, name, value };
    }
    default: {
      const { type: _, ...data } = record;
      return data;
    }
  }
}
