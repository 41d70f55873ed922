import { expect, test } from "vitest";
import { recordPayload, recordText } from "#engine/metadata/record-text.ts";
import type { MetadataRecord } from "#engine/metadata/records.ts";
import { profileOf } from "#engine/protocol/version-profile.ts";
import { TestCluster } from "./kraft-test-node.ts";

const OLD = profileOf("3.9", "kraft");
const NEW = profileOf("4.3", "kraft");

test("payloads are those that kafka-dump-log printed", () => {
  const endPoints = [{ name: "PLAINTEXT", host: "localhost", port: 19111, securityProtocol: 0 }];
  const features = [{ name: "kraft.version", minSupportedVersion: 0, maxSupportedVersion: 1 }, { name: "metadata.version", minSupportedVersion: 1, maxSupportedVersion: 21 }];
  expect(recordPayload({
    type: "RegisterBrokerRecord", brokerId: 1, isMigratingZkBroker: false, incarnationId: "I", brokerEpoch: 66, endPoints, features, rack: null, fenced: true,
    inControlledShutdown: false, logDirs: ["D"],
  }, OLD)).toBe('{"type":"REGISTER_BROKER_RECORD","version":3,"data":{"brokerId":1,"isMigratingZkBroker":false,"incarnationId":"I","brokerEpoch":66,'
    + '"endPoints":[{"name":"PLAINTEXT","host":"localhost","port":19111,"securityProtocol":0}],"features":[{"name":"kraft.version","minSupportedVersion":0,'
    + '"maxSupportedVersion":1},{"name":"metadata.version","minSupportedVersion":1,"maxSupportedVersion":21}],"rack":null,"fenced":true,"inControlledShutdown":false,"logDirs":["D"]}}');
  expect(recordPayload({ type: "PartitionChangeRecord", partitionId: 0, topicId: "T", isr: [2, 3], leader: 3, replicas: [3, 2], directories: ["C", "B"] }, OLD))
    .toBe('{"type":"PARTITION_CHANGE_RECORD","version":1,"data":{"partitionId":0,"topicId":"T","isr":[2,3],"leader":3,"replicas":[3,2],"directories":["C","B"]}}');
  expect(recordPayload({
    type: "PartitionChangeRecord", partitionId: 0, topicId: "T", isr: [1], leader: 1, leaderRecoveryState: "RECOVERING", eligibleLeaderReplicas: [], lastKnownElr: [],
  }, NEW)).toBe('{"type":"PARTITION_CHANGE_RECORD","version":2,"data":{"partitionId":0,"topicId":"T","isr":[1],"leader":1,"leaderRecoveryState":1,'
    + '"eligibleLeaderReplicas":[],"lastKnownElr":[]}}');
  expect(recordPayload({
    type: "PartitionRecord", partitionId: 0, topicId: "T", replicas: [1], isr: [1], removingReplicas: [], addingReplicas: [], leader: 1,
    leaderRecoveryState: "RECOVERED", leaderEpoch: 0, partitionEpoch: 0, directories: ["D"],
  }, NEW)).toBe('{"type":"PARTITION_RECORD","version":2,"data":{"partitionId":0,"topicId":"T","replicas":[1],"isr":[1],"removingReplicas":[],"addingReplicas":[],'
    + '"leader":1,"leaderEpoch":0,"partitionEpoch":0,"directories":["D"]}}');
});

test("a registration change says which field is new by its version", () => {
  const change = (fields: Partial<MetadataRecord & { readonly type: "BrokerRegistrationChangeRecord" }>): unknown =>
    recordText({ type: "BrokerRegistrationChangeRecord", brokerId: 1, brokerEpoch: 11, fenced: 0, inControlledShutdown: 0, ...fields }, NEW);
  const name = "BROKER_REGISTRATION_CHANGE_RECORD";
  expect(change({ fenced: 1 })).toEqual({ type: name, version: 0, data: { brokerId: 1, brokerEpoch: 11, fenced: 1 } });
  expect(change({ fenced: -1 })).toEqual({ type: name, version: 0, data: { brokerId: 1, brokerEpoch: 11, fenced: -1 } });
  expect(change({ inControlledShutdown: 1 })).toEqual({ type: name, version: 1, data: { brokerId: 1, brokerEpoch: 11, inControlledShutdown: 1 } });
  expect(change({ logDirs: ["D"] })).toEqual({ type: name, version: 2, data: { brokerId: 1, brokerEpoch: 11, logDirs: ["D"] } });
  expect(change({ cordonedLogDirs: [] })).toEqual({ type: name, version: 3, data: { brokerId: 1, brokerEpoch: 11, cordonedLogDirs: [] } });
});

test("settings and quotas carry Kafka's numbers for their kinds", () => {
  expect(recordPayload({ type: "ConfigRecord", resourceType: "TOPIC", resourceName: "orders", name: "retention.ms", value: null }, OLD))
    .toBe('{"type":"CONFIG_RECORD","version":0,"data":{"resourceType":2,"resourceName":"orders","name":"retention.ms","value":null}}');
  expect(recordText({ type: "ConfigRecord", resourceType: "BROKER", resourceName: "", name: "min.insync.replicas", value: "1" }, NEW).data["resourceType"]).toBe(4);
  expect(recordPayload({ type: "ClientQuotaRecord", entity: [{ entityType: "client-id", entityName: null }], key: "producer_byte_rate", value: 1048576, remove: false }, OLD))
    .toBe('{"type":"CLIENT_QUOTA_RECORD","version":0,"data":{"entity":[{"entityType":"client-id","entityName":null}],"key":"producer_byte_rate","value":1048576,"remove":false}}');
});

/** Everything in the metadata log but NO_OP_RECORD: type and version, and what a feature or a setting is. */
function boot(kafka: "3.9" | "4.3"): (readonly [string, number, unknown?])[] {
  const cluster = new TestCluster(3, { kafka });
  cluster.boot();
  return cluster.node(1).committed.filter(batch => !batch.control).flatMap(batch => batch.records as readonly MetadataRecord[])
    .filter(record => record.type !== "NoOpRecord").map(record => {
      const { type, version, data } = recordText(record, profileOf(kafka, "kraft"));
      const what = record.type === "FeatureLevelRecord" ? [data["name"], data["featureLevel"]] : record.type === "ConfigRecord" ? [data["name"], data["value"]] : undefined;
      return what === undefined ? [type, version] as const : [type, version, what] as const;
    });
}

test("the boot of 3.9 writes the recorded records", () => {
  const records = boot("3.9");
  expect(records.slice(0, 4)).toEqual([
    ["BEGIN_TRANSACTION_RECORD", 0], ["FEATURE_LEVEL_RECORD", 0, ["metadata.version", 21]], ["ZK_MIGRATION_STATE_RECORD", 0], ["END_TRANSACTION_RECORD", 0]]);
  expect(records.slice(4).map(([type, version]) => `${type} ${version}`).sort()).toEqual([
    ...Array.from({ length: 3 }, () => "BROKER_REGISTRATION_CHANGE_RECORD 0"), ...Array.from({ length: 3 }, () => "REGISTER_BROKER_RECORD 3"),
    ...Array.from({ length: 3 }, () => "REGISTER_CONTROLLER_RECORD 0")]);
});

test("the boot of 4.3 writes its features, min.insync.replicas for all brokers, and what is cordoned", () => {
  const records = boot("4.3");
  expect(records.slice(0, 9)).toEqual([
    ["BEGIN_TRANSACTION_RECORD", 0], ["FEATURE_LEVEL_RECORD", 0, ["metadata.version", 30]], ["FEATURE_LEVEL_RECORD", 0, ["eligible.leader.replicas.version", 1]],
    ["FEATURE_LEVEL_RECORD", 0, ["group.version", 1]], ["FEATURE_LEVEL_RECORD", 0, ["share.version", 1]], ["FEATURE_LEVEL_RECORD", 0, ["streams.version", 1]],
    ["FEATURE_LEVEL_RECORD", 0, ["transaction.version", 2]], ["CONFIG_RECORD", 0, ["min.insync.replicas", "1"]], ["END_TRANSACTION_RECORD", 0]]);
  expect(records.slice(9).map(([type, version]) => `${type} ${version}`).sort()).toEqual([
    ...Array.from({ length: 3 }, () => "BROKER_REGISTRATION_CHANGE_RECORD 0"), ...Array.from({ length: 3 }, () => "BROKER_REGISTRATION_CHANGE_RECORD 3"),
    ...Array.from({ length: 3 }, () => "REGISTER_BROKER_RECORD 4"), ...Array.from({ length: 3 }, () => "REGISTER_CONTROLLER_RECORD 0")]);
});
