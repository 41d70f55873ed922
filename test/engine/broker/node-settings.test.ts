import { expect, test } from "vitest";
import { brokerSettings, unknownSettings } from "#engine/broker/node-settings.ts";

test("defaults are Kafka's, overrides may be numbers, truth values or texts", () => {
  expect(brokerSettings({})).toMatchObject({ "min.insync.replicas": 1, "replica.lag.time.max.ms": 30_000, "auto.create.topics.enable": true });
  const settings = brokerSettings({ "min.insync.replicas": "2", "replica.lag.time.max.ms": 5_000, "auto.create.topics.enable": "false" });
  expect(settings).toMatchObject({ "min.insync.replicas": 2, "replica.lag.time.max.ms": 5_000, "auto.create.topics.enable": false });
});

test("a name that nothing reads is told", () => {
  expect(unknownSettings({ "min.insync.replicas": 2, "min.insync.replica": 2, "broker.session.timeout.ms": 9_000, "x": 1 })).toEqual(["min.insync.replica", "x"]);
});
