// The kinds of process that a cluster is made of, by name.
import { kafkaNode } from "#engine/broker/kafka-node.ts";
import { adminKind } from "#engine/clients/admin.ts";
import { consumerKind } from "#engine/clients/consumer.ts";
import { producerKind } from "#engine/clients/producer.ts";
import type { ProcessKind } from "#engine/core/process.ts";
import { zooKeeperServer } from "#engine/zookeeper/zookeeper-server.ts";

export const PROCESS_KINDS: ReadonlyMap<string, ProcessKind> = new Map(
  [kafkaNode, zooKeeperServer, adminKind, producerKind, consumerKind].map(kind => [kind.kind, kind]));
