// How changes of the metadata log are written to ZooKeeper, so that brokers in ZooKeeper mode find them there and there is a way back. Each write is a
// transaction that also checks /controller_epoch and /migration: whoever has claimed the office since lets it fail. The last write of a batch notes in
// /migration how far the metadata log has been written.
// Source: KRaftMigrationZkWriter.java, ZkTopicMigrationClient.scala, ZkConfigMigrationClient.scala, KafkaZkClient.retryMigrationRequestsUntilConnected
// (3.9). FIDELITY: MIG-DUAL-WRITE.
import type { MetadataImage, TopicImage } from "#engine/metadata/image.ts";
import {
  brokerConfigPath, CONFIG_CHANGES_PATH, configChangeNode, configNode, CONTROLLER_EPOCH_PATH, createNode, partitionPath, partitionsPath, PRODUCER_ID_BLOCK_PATH,
  producerIdBlockNode, stateNode, statePath, topicConfigPath, topicNode, topicPath,
} from "#engine/metadata/zookeeper-controller/znode-data.ts";
import type { ZooKeeperOperation, ZooKeeperWrite } from "#engine/zookeeper/zookeeper-protocol.ts";
import type { ImageChanges } from "./image-changes.ts";
import { clientConfigPath } from "./read-zookeeper.ts";
import type { ZooKeeperLeadership } from "./migration-state.ts";

export const MIGRATION_PATH = "/migration";
const PRODUCER_ID_BLOCK_SIZE = 1000;

/** `metadataOffset` and `metadataEpoch`: of the last record that is in ZooKeeper. */
export function migrationNode(offset: number, controllerId: number, metadataEpoch: number, controllerEpoch: number): string {
  return `{"version":0,"kraft_metadata_offset":${offset},"kraft_controller_id":${controllerId},"kraft_metadata_epoch":${metadataEpoch},"kraft_controller_epoch":${controllerEpoch}}`;
}

export function kraftControllerNode(nodeId: number, nowMs: number, epoch: number): string {
  return `{"version":2,"brokerid":${nodeId},"timestamp":"${nowMs}","kraftControllerEpoch":${epoch}}`;
}

/** Puts each write under the checks. Without any, /migration alone is written. */
export function guarded(writes: readonly ZooKeeperWrite[], { controllerEpochVersion, migrationVersion }: ZooKeeperLeadership, migration: string): ZooKeeperOperation[] {
  const check: ZooKeeperWrite = { op: "check", path: CONTROLLER_EPOCH_PATH, version: controllerEpochVersion };
  const last: ZooKeeperWrite = { op: "setData", path: MIGRATION_PATH, data: migration, version: migrationVersion };
  if (writes.length === 0) return [{ op: "multi", operations: [check, last] }];
  return writes.map((write, index) => ({
    op: "multi", operations: [check, index === writes.length - 1 ? last : { op: "check", path: MIGRATION_PATH, version: migrationVersion }, write],
  }));
}

/**
 * Everything that has to be written for these changes, in order. `known`: znodes that exist; it is kept up to date.
 * @param controllerEpoch of the KRaft controller, which stands in the state znodes from now on
 */
export function writesFor(image: MetadataImage, changes: ImageChanges, known: Set<string>, controllerEpoch: number): ZooKeeperWrite[] {
  const writes: ZooKeeperWrite[] = [];
  const put = (path: string, data: string): void => {
    writes.push(known.has(path) ? { op: "setData", path, data, version: -1 } : createNode(path, data));
    known.add(path);
  };
  const notify = (entity: string): void => { writes.push(createNode(`${CONFIG_CHANGES_PATH}/config_change_`, configChangeNode(entity), "persistent-sequential")); };
  for (const [name, partitions] of changes.removed) removeTopic(writes, known, name, partitions);
  for (const name of changes.topics) {
    const topic = image.topics.get(name);
    if (topic === undefined) continue;
    const isNew = !known.has(topicPath(name));
    if (isNew) put(topicConfigPath(name), configNode([...topic.configs]));
    put(topicPath(name), topicNode({ topicId: topic.topicId, partitions: topic.partitions }));
    if (isNew) writes.push(createNode(partitionsPath(name), null));
  }
  for (const [name, partitions] of changes.partitions) {
    const topic = image.topics.get(name);
    if (topic !== undefined) for (const partition of [...partitions].sort((a, b) => a - b)) putState(writes, known, topic, partition, controllerEpoch);
  }
  for (const name of changes.topicConfigs) {
    const topic = image.topics.get(name);
    if (topic === undefined) continue;
    put(topicConfigPath(name), configNode([...topic.configs]));
    notify(`topics/${name}`);
  }
  for (const name of changes.brokerConfigs) {
    put(brokerConfigPath(name), configNode([...image.brokerConfigs.get(name) ?? []]));
    notify(`brokers/${name === "" ? "<default>" : name}`);
  }
  for (const key of changes.quotas) putQuota(put, image, key);
  if (changes.producerIds && image.nextProducerId > 0) {
    writes.push({ op: "setData", path: PRODUCER_ID_BLOCK_PATH, data: producerIdBlockNode(-1, image.nextProducerId - PRODUCER_ID_BLOCK_SIZE, PRODUCER_ID_BLOCK_SIZE), version: -1 });
  }
  return writes;
}

function putState(writes: ZooKeeperWrite[], known: Set<string>, topic: TopicImage, partition: number, controllerEpoch: number): void {
  const registration = topic.partitions[partition];
  if (registration === undefined) return;
  const { leader, leaderEpoch, isr, leaderRecoveryState, partitionEpoch } = registration;
  const path = statePath(topic.name, partition);
  const data = stateNode({ leader, leaderEpoch, isr, isRecovering: leaderRecoveryState === "RECOVERING", partitionEpoch, controllerEpoch });
  if (known.has(path)) writes.push({ op: "setData", path, data, version: -1 });
  else writes.push(createNode(partitionPath(topic.name, partition), null), createNode(path, data));
  known.add(path);
}

function removeTopic(writes: ZooKeeperWrite[], known: Set<string>, name: string, partitions: number): void {
  const remove = (path: string): void => { writes.push({ op: "delete", path, version: -1 }); };
  if (!known.delete(topicPath(name))) return;
  for (let partition = 0; partition < partitions; partition += 1) {
    if (!known.delete(statePath(name, partition))) continue;
    remove(statePath(name, partition));
    remove(partitionPath(name, partition));
  }
  remove(partitionsPath(name));
  remove(topicPath(name));
  if (known.delete(topicConfigPath(name))) remove(topicConfigPath(name));
}

/** Quotas of clients alone: users are not modelled. */
function putQuota(put: (path: string, data: string) => void, image: MetadataImage, key: string): void {
  const isDefault = key === "client-id=<default>";
  if (!isDefault && !key.startsWith("client-id:")) return;
  const values = [...image.clientQuotas.get(key)?.values ?? []].map(([name, value]): [string, string] => [name, String(value)]);
  put(clientConfigPath(isDefault ? "<default>" : key.slice("client-id:".length)), configNode(values));
}
