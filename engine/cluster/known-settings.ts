// The settings that the engine models, by Kafka's names, with their kind and range: what a spec may set. A setting that Kafka has and
// the engine does not model is refused rather than ignored (FIDELITY: CLUSTER-SETTINGS).
import { AuthorError, didYouMean, shown } from "./author-error.ts";
import { type Fields, readObject, readText } from "./read-input.ts";
import type { Settings } from "./spec.ts";
import { LOG_MANAGER_FLAGS, LOG_MANAGER_TIMES, LOG_SETTINGS, type LogSetting } from "#engine/log/log-config.ts";

type SettingKind =
  | readonly ["integer", number, number] | readonly ["decimal", number, number] | readonly ["boolean"] | readonly ["one-of", ...string[]]
  /** A text that the process itself reads, and may refuse when it starts. */
  | readonly ["text"];
type SettingTable = Readonly<Record<string, SettingKind>>;

/** A list of ten voters has about 300 characters. */
const TEXT_LENGTH_MAX = 2_000;
const INT_MAX = 2147483647;
const ms: SettingKind = ["integer", 0, INT_MAX];
const positiveMs: SettingKind = ["integer", 1, INT_MAX];
const bytes: SettingKind = ["integer", 1, INT_MAX];
const flag: SettingKind = ["boolean"];
const text: SettingKind = ["text"];

const LONG_MAX = Number.MAX_SAFE_INTEGER;

/** Settings of logs, as a topic or as the broker spells them. */
function logSettings(namesOf: (setting: LogSetting) => readonly string[]): SettingTable {
  const rows = LOG_SETTINGS.flatMap(setting => {
    const kind: SettingKind = setting.scale === undefined ? ["integer", setting.min, LONG_MAX] : ["decimal", 0, 1];
    return namesOf(setting).map(name => [name, kind] as const);
  });
  return Object.fromEntries(rows);
}

/** server.properties: broker and controller. */
export const NODE_SETTINGS: SettingTable = {
  ...logSettings(setting => setting.broker.map(name => typeof name === "string" ? name : name[0])),
  ...Object.fromEntries(LOG_MANAGER_TIMES.map(name => [name, positiveMs])), ...Object.fromEntries(LOG_MANAGER_FLAGS.map(name => [name, flag])),
  "log.dirs": text, "log.dir": text, "log.cleanup.policy": ["one-of", "delete", "compact", "compact,delete", "delete,compact"],
  "log.message.timestamp.type": ["one-of", "CreateTime", "LogAppendTime"],
  "auto.create.topics.enable": flag, "auto.leader.rebalance.enable": flag, "unclean.leader.election.enable": flag,
  "leader.imbalance.check.interval.seconds": ["integer", 1, INT_MAX],
  "broker.heartbeat.interval.ms": positiveMs, "broker.session.timeout.ms": positiveMs, "initial.broker.registration.timeout.ms": positiveMs,
  "controlled.shutdown.enable": flag,
  "controller.quorum.election.timeout.ms": positiveMs, "controller.quorum.fetch.timeout.ms": positiveMs,
  "controller.quorum.election.backoff.max.ms": positiveMs, "controller.quorum.request.timeout.ms": positiveMs,
  "controller.quorum.retry.backoff.ms": ms, "controller.quorum.append.linger.ms": ms, "metadata.max.idle.interval.ms": ms,
  "default.replication.factor": ["integer", 1, 30], "min.insync.replicas": ["integer", 1, INT_MAX], "num.partitions": ["integer", 1, 1000],
  "metadata.log.max.record.bytes.between.snapshots": bytes, "metadata.log.max.snapshot.interval.ms": ms,
  "metadata.max.retention.bytes": ["integer", -1, LONG_MAX], "metadata.max.retention.ms": ["integer", -1, LONG_MAX],
  "controller.quorum.auto.join.enable": flag, "delete.topic.enable": flag, "leader.imbalance.per.broker.percentage": ["integer", 0, 100],
  "controlled.shutdown.max.retries": ["integer", 0, INT_MAX], "controlled.shutdown.retry.backoff.ms": ms, "replica.selector.class": text,
  "zookeeper.session.timeout.ms": positiveMs, "zookeeper.connection.timeout.ms": positiveMs,
  "zookeeper.max.in.flight.requests": ["integer", 1, INT_MAX],
  "message.max.bytes": bytes, "fetch.max.bytes": bytes, "log.segment.bytes": bytes,
  "num.io.threads": ["integer", 1, 64], "num.network.threads": ["integer", 1, 64], "queued.max.requests": ["integer", 1, 100_000],
  "replica.lag.time.max.ms": positiveMs, "replica.fetch.wait.max.ms": ms, "replica.fetch.min.bytes": ["integer", 1, INT_MAX],
  "replica.fetch.max.bytes": bytes, "replica.fetch.response.max.bytes": bytes, "replica.fetch.backoff.ms": ms,
  "replica.socket.timeout.ms": positiveMs, "replica.high.watermark.checkpoint.interval.ms": positiveMs, "producer.id.expiration.ms": positiveMs,
  // Where the node belongs.
  "process.roles": text, "node.id": ["integer", 0, INT_MAX], "broker.id": ["integer", 0, INT_MAX], "broker.rack": text,
  "zookeeper.connect": text, "controller.quorum.voters": text, "controller.quorum.bootstrap.servers": text, "controller.listener.names": text,
  "advertised.listeners": text, "listener.security.protocol.map": text, "inter.broker.listener.name": text,
  "zookeeper.metadata.migration.enable": flag, "inter.broker.protocol.version": text,
};

/** zoo.cfg of a ZooKeeper server. */
export const ZOOKEEPER_SETTINGS: SettingTable = {
  "tickTime": positiveMs, "initLimit": ["integer", 1, INT_MAX], "syncLimit": ["integer", 1, INT_MAX],
  "forceSync": ["one-of", "yes", "no"], "maxClientCnxns": ["integer", 0, INT_MAX],
  "4lw.commands.whitelist": text,
};

export const TOPIC_SETTINGS: SettingTable = {
  ...logSettings(setting => [setting.topic]), "cleanup.policy": ["one-of", "delete", "compact", "compact,delete", "delete,compact"],
  "min.insync.replicas": ["integer", 1, INT_MAX], "max.message.bytes": ["integer", 0, INT_MAX], "unclean.leader.election.enable": flag,
  "message.timestamp.type": ["one-of", "CreateTime", "LogAppendTime"],
  "segment.bytes": ["integer", 14, INT_MAX],
  "leader.replication.throttled.replicas": text, "follower.replication.throttled.replicas": text,
};

const CLIENT_SETTINGS: SettingTable = {
  "metadata.max.age.ms": ms, "metadata.recovery.strategy": ["one-of", "none", "rebootstrap"], "reconnect.backoff.ms": ms,
  "reconnect.backoff.max.ms": ms, "retry.backoff.ms": ms, "retry.backoff.max.ms": ms, "request.timeout.ms": ms,
  "socket.connection.setup.timeout.ms": positiveMs,
};

export const PRODUCER_SETTINGS: SettingTable = {
  ...CLIENT_SETTINGS,
  "acks": ["one-of", "0", "1", "-1", "all"], "batch.size": ["integer", 0, INT_MAX], "linger.ms": ms,
  "buffer.memory": ["integer", 0, Number.MAX_SAFE_INTEGER], "max.block.ms": ms, "max.request.size": ["integer", 0, INT_MAX],
  "delivery.timeout.ms": ms, "retries": ["integer", 0, INT_MAX], "enable.idempotence": flag,
  "max.in.flight.requests.per.connection": ["integer", 1, INT_MAX], "partitioner.ignore.keys": flag,
  "partitioner.class": ["one-of", "org.apache.kafka.clients.producer.RoundRobinPartitioner"],
  "partitioner.adaptive.partitioning.enable": flag, "partitioner.availability.timeout.ms": ms,
};

export const CONSUMER_SETTINGS: SettingTable = {
  ...CLIENT_SETTINGS,
  "fetch.min.bytes": ["integer", 0, INT_MAX], "fetch.max.bytes": ["integer", 0, INT_MAX], "fetch.max.wait.ms": ms,
  "max.partition.fetch.bytes": ["integer", 0, INT_MAX], "auto.offset.reset": ["one-of", "earliest", "latest", "none"], "check.crcs": flag,
  "client.rack": text, "isolation.level": ["one-of", "read_uncommitted", "read_committed"],
};

/** Checks names, kinds and ranges; numbers and booleans may be written as texts, as Kafka's files do. */
export function readSettings(where: string, value: unknown, table: SettingTable, what: string): Settings {
  if (typeof value !== "object" || value === null || Array.isArray(value)) readObject(where, value, Object.keys(table).slice(0, 3));
  const fields = value as Fields;
  for (const name of Object.keys(fields)) {
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined) {
      const known = Object.keys(table);
      throw new AuthorError({
        code: "unknown-key", where: `${where}["${name}"]`, what: `"${name}" is not a ${what} setting that is modelled here`,
        expected: `a modelled setting, such as "${known[0]}"`, found: `"${name}"`,
        cure: didYouMean(name, known, `Remove "${name}"; engine/FIDELITY.md lists what is modelled.`),
      });
    }
    checkSetting(`${where}["${name}"]`, fields[name], kind);
  }
  return fields as Settings;
}

function checkSetting(where: string, value: unknown, kind: SettingKind): void {
  switch (kind[0]) {
    case "integer": {
      const [, min, max] = kind;
      const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
      if (typeof number === "number" && Number.isSafeInteger(number) && number >= min && number <= max) return;
      throw new AuthorError({
        code: typeof number === "number" ? "out-of-range" : "wrong-kind", where, what: "this setting is a whole number",
        expected: `a whole number from ${min} to ${max}`, found: shown(value), cure: `Give a number from ${min} to ${max}.`,
      });
    }
    case "decimal": {
      const [, min, max] = kind;
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof number === "number" && number >= min && number <= max) return;
      throw new AuthorError({
        code: typeof number === "number" ? "out-of-range" : "wrong-kind", where, what: "this setting is a number",
        expected: `a number from ${min} to ${max}`, found: shown(value), cure: `Give a number from ${min} to ${max}.`,
      });
    }
    case "boolean":
      if (value === true || value === false || value === "true" || value === "false") return;
      throw new AuthorError({
        code: "wrong-kind", where, what: "this setting is true or false", expected: "true or false", found: shown(value),
        cure: "Write true or false.",
      });
    case "text":
      readText(where, value, TEXT_LENGTH_MAX, 0);
      return;
    case "one-of": {
      const [, ...known] = kind;
      if (known.includes(String(value))) return;
      throw new AuthorError({
        code: "unknown-value", where, what: `unknown value ${shown(value)}`, expected: `one of ${known.map(name => `"${name}"`).join(", ")}`,
        found: shown(value), cure: didYouMean(String(value), known, `Write one of ${known.map(name => `"${name}"`).join(", ")}.`),
      });
    }
  }
}
