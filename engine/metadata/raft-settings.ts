// What the quorum is started with: settings `controller.quorum.*` and `metadata.*` by Kafka's names with their defaults, and what the formatted
// storage says. Sources: QuorumConfig.java, MetadataLogConfig.java.
import { profileOf } from "#engine/protocol/version-profile.ts";
import type { RaftConfig } from "#engine/raft/raft-state.ts";
import { NO_DIRECTORY } from "#engine/raft/voter-set.ts";
import { booleanSetting, type KraftSettings, numberSetting } from "./kraft-settings.ts";
import type { MetaProperties } from "./node-storage.ts";

const CONTROLLER_PORT = 9093;

export function raftConfig(settings: KraftSettings, storage: MetaProperties): RaftConfig {
  const { overrides, nodeId, quorum, isQuorumDynamic } = settings;
  const profile = profileOf(settings.kafka, "kraft");
  const number = (name: string, byDefault: number): number => numberSetting(overrides, name, byDefault);
  const isController = settings.roles.includes("controller");
  const own = quorum.find(peer => peer.nodeId === nodeId) ?? { nodeId, host: settings.host, port: CONTROLLER_PORT };
  return {
    nodeId, directoryId: storage.directoryId, clusterId: storage.clusterId,
    staticVoters: isQuorumDynamic ? [] : quorum.map(({ nodeId: id, host, port }) => ({ nodeId: id, host, port, directoryId: NO_DIRECTORY }))
      .sort((a, b) => a.nodeId - b.nodeId),
    bootstrap: quorum.map(({ nodeId: id, host, port }) => ({ nodeId: id, host, port })),
    listener: isController ? { nodeId, host: own.host, port: own.port } : null,
    preVote: profile.preVote, pushesHighWatermark: profile.pushesHighWatermark, printsOptionalDirectory: profile.printsOptionalDirectory,
    printsFencing: profile.tellsMoreInClientTexts,
    autoJoin: booleanSetting(overrides, "controller.quorum.auto.join.enable", false),
    electionTimeoutMs: number("controller.quorum.election.timeout.ms", 1000),
    electionBackoffMaxMs: number("controller.quorum.election.backoff.max.ms", 1000),
    fetchTimeoutMs: number("controller.quorum.fetch.timeout.ms", 2000),
    appendLingerMs: number("controller.quorum.append.linger.ms", 25),
    requestTimeoutMs: number("controller.quorum.request.timeout.ms", 2000),
    retryBackoffMs: number("controller.quorum.retry.backoff.ms", 20),
    snapshotBytes: number("metadata.log.max.record.bytes.between.snapshots", 20 * 1024 * 1024),
    snapshotIntervalMs: number("metadata.log.max.snapshot.interval.ms", 3_600_000),
    retentionBytes: number("metadata.max.retention.bytes", 100 * 1024 * 1024),
    retentionMs: number("metadata.max.retention.ms", 604_800_000),
  };
}
