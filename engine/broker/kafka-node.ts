// A Kafka server process. What it is made of follows from its settings when it starts: KRaft mode with the roles of process.roles, or
// ZooKeeper mode. Source: Kafka.scala (buildServer). FIDELITY: CLUSTER-PROFILE.
import { InvariantError } from "#engine/core/invariant-error.ts";
import type { ProcessKind } from "#engine/core/process.ts";
import { kraftNode, type KraftNodeState } from "./kraft-node.ts";
import type { KafkaNodeSettings } from "./node-settings.ts";

export type { KraftNodeState } from "./kraft-node.ts";

/** The whole memory of a node; `mode` tells which. */
export type KafkaNodeState = KraftNodeState;

export const kafkaNode: ProcessKind = {
  kind: "kafka-node",
  start(process, settings) { return kindFor((settings as KafkaNodeSettings).mode).start(process, settings); },
  onTimer(process, state, name, payload, sequence) { kindOf(state).onTimer(process, state, name, payload, sequence); },
  onMessage(process, state, connection, message) { kindOf(state).onMessage(process, state, connection, message); },
  onConnected(process, state, connection) { kindOf(state).onConnected(process, state, connection); },
  onAccepted(process, state, connection, port) { kindOf(state).onAccepted(process, state, connection, port); },
  onClosed(process, state, connection) { kindOf(state).onClosed(process, state, connection); },
  onInput(process, state, input) { kindOf(state).onInput(process, state, input); },
};

function kindOf(state: unknown): ProcessKind {
  return kindFor((state as KafkaNodeState).mode);
}

function kindFor(mode: "kraft" | "zookeeper"): ProcessKind {
  if (mode === "kraft") return kraftNode;
  throw new InvariantError("no node runs in ZooKeeper mode");
}
