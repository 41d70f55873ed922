// A Kafka server process. What it is made of follows from its settings when it starts: KRaft mode with the roles of process.roles, or
// ZooKeeper mode; or nothing, when server.properties or the storage forbid it. Source: Kafka.scala (buildServer).
// FIDELITY: CLUSTER-PROFILE, LIFE-START-FAILURES.
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import { openStorage, readMetaProperties } from "#engine/metadata/node-storage.ts";
import { kraftNode, type KraftNodeState } from "./kraft-node.ts";
import { diskStartFailure } from "./log-directories.ts";
import type { KafkaNodeSettings } from "./node-settings.ts";
import { findStartFailure, serverProperties, type StartFailure } from "./node-start-failures.ts";
import { zooKeeperNode } from "./zookeeper-node.ts";
import type { ZooKeeperNodeState } from "./zookeeper-node-state.ts";

export type { KraftNodeState } from "./kraft-node.ts";

/** The whole memory of a node; `mode` tells which. */
export type KafkaNodeState = KraftNodeState | ZooKeeperNodeState;

export const kafkaNode: ProcessKind = {
  kind: "kafka-node",
  start(process, settings) {
    const node = settings as KafkaNodeSettings;
    const failure = startFailure(process, node);
    if (failure === null) return kindFor(node.mode).start(process, settings);
    process.trace({ kind: "node-failed", node: node.nodeId, exitCode: failure.exitCode, text: failure.lines.join("\n") });
    process.exit();
    return null;
  },
  onTimer(process, state, name, payload, sequence) { kindOf(state).onTimer(process, state, name, payload, sequence); },
  onMessage(process, state, connection, message) { kindOf(state).onMessage(process, state, connection, message); },
  onConnected(process, state, connection) { kindOf(state).onConnected(process, state, connection); },
  onAccepted(process, state, connection, port) { kindOf(state).onAccepted(process, state, connection, port); },
  onClosed(process, state, connection) { kindOf(state).onClosed(process, state, connection); },
  onInput(process, state, input) { kindOf(state).onInput(process, state, input); },
};

function startFailure(process: ProcessContext, node: KafkaNodeSettings): StartFailure | null {
  if (node.mode === "kraft" && node.storage !== "unformatted") openStorage(process, node);
  return diskStartFailure(process, node) ?? findStartFailure(serverProperties(node), node.kafka, readMetaProperties(process.disk));
}

function kindOf(state: unknown): ProcessKind {
  return kindFor((state as KafkaNodeState).mode);
}

function kindFor(mode: "kraft" | "zookeeper"): ProcessKind {
  if (mode === "kraft") return kraftNode;
  return zooKeeperNode;
}
