// Everything that stands in ZooKeeper, as the records of a metadata log: topics with their partitions and settings, settings of brokers, quotas of
// clients, and the next producer id. What lies there for users (SCRAM, ACLs, delegation tokens) is not modelled.
// Source: ZkMigrationClient.readAllMetadata, ZkTopicMigrationClient, ZkConfigMigrationClient (3.9). FIDELITY: MIG-COPY.
import type { MetadataRecord } from "#engine/metadata/records.ts";
import {
  configIn, nextProducerIdAfter, parsed, PRODUCER_ID_BLOCK_PATH, stateIn, statePath, type TopicAssignment, topicConfigPath, topicIn,
  topicPath, TOPICS_PATH,
} from "#engine/metadata/zookeeper-controller/znode-data.ts";
import type { ZooKeeperAnswer, ZooKeeperOperation } from "#engine/zookeeper/zookeeper-protocol.ts";
import { askForMigration, type MigrationRun } from "./migration-state.ts";

/** @property entities children of /config/brokers and /config/clients. */
export type ReadStep =
  | { readonly step: "read/listed" }
  | { readonly step: "read/described"; readonly topics: readonly string[]; readonly brokers: readonly string[]; readonly clients: readonly string[]; readonly tail: readonly MetadataRecord[] }
  | { readonly step: "read/states"; readonly topics: readonly ReadTopic[]; readonly tail: readonly MetadataRecord[] };

interface ReadTopic { readonly name: string; readonly assignment: TopicAssignment; readonly configs: readonly MetadataRecord[] }

export function clientConfigPath(client: string): string {
  return `/config/clients/${client}`;
}

/** Begins to read; `continueReading` goes on until it has all. */
export function beginReading(run: MigrationRun): void {
  askForMigration(run, [
    children(TOPICS_PATH), children("/config/brokers"), children("/config/clients"), data(PRODUCER_ID_BLOCK_PATH),
  ], { step: "read/listed" });
}

function children(path: string): ZooKeeperOperation {
  return { op: "getChildren", path, watch: false };
}

function data(path: string): ZooKeeperOperation {
  return { op: "getData", path, watch: false };
}

/** All records when this was the last round, else null. */
export function continueReading(run: MigrationRun, step: ReadStep, answers: readonly ZooKeeperAnswer[]): readonly MetadataRecord[] | null {
  switch (step.step) {
    case "read/listed": return listed(run, answers);
    case "read/described": return described(run, step, answers);
    case "read/states": return [...step.topics.flatMap(topicRecords(run, answers)), ...step.tail];
  }
}

function listed(run: MigrationRun, [topicList, brokerList, clientList, producerIds]: readonly ZooKeeperAnswer[]): null {
  const [topics, brokers, clients] = [topicList?.children ?? [], brokerList?.children ?? [], clientList?.children ?? []];
  const block = parsed(producerIds?.data);
  const tail: MetadataRecord[] = block === null ? []
    : [{ type: "ProducerIdsRecord", brokerId: Number(block["broker"]), brokerEpoch: -1, nextProducerId: nextProducerIdAfter(producerIds?.data) }];
  askForMigration(run, [
    ...topics.flatMap(topic => [data(topicPath(topic)), data(topicConfigPath(topic))]),
    ...brokers.map(broker => data(`/config/brokers/${broker}`)), ...clients.map(client => data(clientConfigPath(client))), data(PRODUCER_ID_BLOCK_PATH),
  ], { step: "read/described", topics, brokers, clients, tail });
  return null;
}

function described(run: MigrationRun, step: Extract<ReadStep, { readonly step: "read/described" }>, answers: readonly ZooKeeperAnswer[]): readonly MetadataRecord[] | null {
  const { known } = run.driver;
  const { topics, brokers, clients } = step;
  const found: ReadTopic[] = [];
  topics.forEach((name, index) => {
    const assignment = topicIn(answers[2 * index]?.data);
    if (assignment === null) return;
    known.add(topicPath(name));
    const configs = answers[2 * index + 1];
    if (configs?.error === "OK") known.add(topicConfigPath(name));
    found.push({ name, assignment, configs: configRecords("TOPIC", name, configs) });
  });
  const tail: MetadataRecord[] = [];
  brokers.forEach((broker, index) => {
    known.add(`/config/brokers/${broker}`);
    tail.push(...configRecords("BROKER", broker === "<default>" ? "" : broker, answers[2 * topics.length + index]));
  });
  clients.forEach((client, index) => {
    known.add(clientConfigPath(client));
    tail.push(...quotaRecords(client, answers[2 * topics.length + brokers.length + index]));
  });
  tail.push(...step.tail);
  const states = found.flatMap(({ name, assignment }) => assignment.partitions.map((_, partition) => data(statePath(name, partition))));
  if (states.length === 0) return [...found.flatMap(topicRecords(run, [])), ...tail];
  askForMigration(run, states, { step: "read/states", topics: found, tail });
  return null;
}

function configRecords(resourceType: "TOPIC" | "BROKER", resourceName: string, answer: ZooKeeperAnswer | undefined): MetadataRecord[] {
  return configIn(answer?.data).map(([name, value]) => ({ type: "ConfigRecord", resourceType, resourceName, name, value }));
}

function quotaRecords(client: string, answer: ZooKeeperAnswer | undefined): MetadataRecord[] {
  const entity = [{ entityType: "client-id", entityName: client === "<default>" ? null : client }];
  return configIn(answer?.data).map(([key, value]) => ({ type: "ClientQuotaRecord", entity, key, value: Number(value), remove: false }));
}

/** One topic's records after the other; the answers stand in the order of their partitions. A partition without a state never had a leader. */
function topicRecords({ driver }: MigrationRun, answers: readonly ZooKeeperAnswer[]): (topic: ReadTopic) => MetadataRecord[] {
  let next = 0;
  return ({ name, assignment, configs }) => {
    const { topicId } = assignment;
    const records: MetadataRecord[] = [{ type: "TopicRecord", name, topicId }, ...configs];
    assignment.partitions.forEach(({ replicas, addingReplicas, removingReplicas }, partitionId) => {
      const answer = answers[next];
      next += 1;
      if (answer?.error === "OK") driver.known.add(statePath(name, partitionId));
      const state = stateIn(answer?.data, answer?.stat?.version ?? 0);
      records.push({
        type: "PartitionRecord", partitionId, topicId, replicas, isr: state?.isr ?? replicas, removingReplicas, addingReplicas,
        leader: state?.leader ?? replicas[0] ?? -1, leaderRecoveryState: state?.isRecovering === true ? "RECOVERING" : "RECOVERED",
        leaderEpoch: state?.leaderEpoch ?? 0, partitionEpoch: state?.partitionEpoch ?? 0, directories: [],
      });
    });
    return records;
  };
}

