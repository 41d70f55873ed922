import { expect, test } from "vitest";
import { brokerSettings } from "#engine/broker/node-settings.ts";

test("defaults are Kafka's, overrides may be numbers, truth values or texts", () => {
  expect(brokerSettings({})).toMatchObject({ "min.insync.replicas": 1, "replica.lag.time.max.ms": 30_000, "auto.create.topics.enable": true });
  const settings = brokerSettings({ "min.insync.replicas": "2", "replica.lag.time.max.ms": 5_000, "auto.create.topics.enable": "false" });
  expect(settings).toMatchObject({ "min.insync.replicas": 2, "replica.lag.time.max.ms": 5_000, "auto.create.topics.enable": false });
});
