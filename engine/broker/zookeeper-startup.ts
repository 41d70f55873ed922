// How a broker starts in ZooKeeper mode: a session, Kafka's persistent znodes, the cluster id, its settings, its logs, and last its registration as an
// ephemeral znode, whose czxid is its broker epoch. The same znode in somebody else's session ends the start. After an expired session it registers
// anew. Source: KafkaServer.startup, KafkaZkClient.registerBroker, CheckedEphemeral (3.9). FIDELITY: ZKC-STARTUP, ZKC-START-FAILURES.
import { writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { META_PROPERTIES_PATH, readMetaProperties } from "#engine/metadata/node-storage.ts";
import {
  BROKER_IDS_PATH, brokerIdPath, brokerIn, brokerNode, CLUSTER_ID_PATH, clusterIdNode, createNode, parsed, TOP_LEVEL_PATHS,
} from "#engine/metadata/zookeeper-controller/znode-data.ts";
import { runForController } from "#engine/metadata/zookeeper-controller/zookeeper-controller.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { shrinkIsrs } from "./alter-partition-manager.ts";
import { logsAreLoaded } from "./log-manager.ts";
import { CHECKPOINT_TIMER, PRODUCER_EXPIRATION_TIMER } from "./metadata-publisher.ts";
import { BROKER_PORT } from "./node-settings.ts";
import { serverProperties, wrongClusterId } from "./node-start-failures.ts";
import { configsRead, readStartConfigs } from "./zookeeper-configs.ts";
import { registeredInZooKeeper, startBrokerMigration } from "./zookeeper-migration.ts";
import { askZooKeeper, controllerRun, type ZooKeeperNodeState } from "./zookeeper-node-state.ts";

/** producer.id.expiration.check.interval.ms */
const PRODUCER_EXPIRATION_CHECK_MS = 600_000;

export type StartStep = { readonly step: "start/paths" | "start/cluster-id" | "start/cluster-id-created" | "start/configs" | "start/brokers" | "start/brokers-read" | "start/registered" | "start/owner"; readonly ids?: readonly number[] };

/** The first session stands, or one after an expiry: a broker that ran before only registers again. */
export function beginStart(process: ProcessContext, node: ZooKeeperNodeState): void {
  if (node.phase === "running") return register(process, node);
  if (node.phase === "starting") askZooKeeper(process, node, TOP_LEVEL_PATHS.map(path => createNode(path, null)), { step: "start/paths" });
}

export function performStartStep(process: ProcessContext, node: ZooKeeperNodeState, { step, ids = [] }: StartStep, answers: readonly ZooKeeperAnswer[]): void {
  switch (step) {
    case "start/paths": case "start/cluster-id-created":
      return askZooKeeper(process, node, [{ op: "getData", path: CLUSTER_ID_PATH, watch: false }], { step: "start/cluster-id" });
    case "start/cluster-id": return clusterIdRead(process, node, answers[0]);
    case "start/configs":
      configsRead(node, answers);
      return loadLogs(process, node);
    case "start/brokers": {
      const others = (answers[0]?.children ?? []).map(Number).filter(id => id !== node.settings.nodeId);
      return askZooKeeper(process, node, [
        { op: "exists", path: BROKER_IDS_PATH, watch: false }, ...others.map(id => ({ op: "getData", path: brokerIdPath(id), watch: false } as const)),
      ], { step: "start/brokers-read", ids: others });
    }
    case "start/brokers-read": return endpointsRead(process, node, ids, answers.slice(1));
    case "start/registered": return registered(process, node, answers[0]);
    case "start/owner": return ownerRead(process, node, answers[0]);
  }
}

/** The process says why and ends with exit code 1. `lines` as they are logged, without the time. */
export function failStart(process: ProcessContext, node: ZooKeeperNodeState, lines: readonly string[]): void {
  node.phase = "stopped";
  process.trace({ kind: "node-failed", node: node.settings.nodeId, exitCode: 1, text: lines.join("\n") });
}

const FATAL = "Fatal error during KafkaServer startup. Prepare to shutdown (kafka.server.KafkaServer)";
const EXITING = "ERROR Exiting Kafka due to fatal exception during startup. (kafka.Kafka$)";

/** What a broker logs that gives up after its network threads were made: their acceptors were never opened, and it says so. */
function duringStartup(node: ZooKeeperNodeState, exception: string): string[] {
  const server = `[KafkaServer id=${node.settings.nodeId}]`;
  const absent = "Cannot invoke \"java.nio.channels.ServerSocketChannel.close()\" because the return value of \"kafka.network.Acceptor.serverChannel()\" is null";
  return [
    `ERROR ${server} ${FATAL}`, exception, `ERROR ${absent} (kafka.network.DataPlaneAcceptor)`, `java.lang.NullPointerException: ${absent}`,
    `INFO ${server} shut down completed (kafka.server.KafkaServer)`, EXITING, exception,
  ];
}

/** No session within zookeeper.connection.timeout.ms. */
export function failWithoutEnsemble(process: ProcessContext, node: ZooKeeperNodeState): void {
  const exception = "kafka.zookeeper.ZooKeeperClientTimeoutException: Timed out waiting for connection while in state: CONNECTING";
  failStart(process, node, [`ERROR ${FATAL}`, exception, "INFO shut down completed (kafka.server.KafkaServer)", EXITING, exception]);
}

/** The first broker of a cluster makes its id. */
function clusterIdRead(process: ProcessContext, node: ZooKeeperNodeState, answer: ZooKeeperAnswer | undefined): void {
  const { settings } = node;
  if (answer?.error !== "OK") {
    return askZooKeeper(process, node, [createNode("/cluster", null), createNode(CLUSTER_ID_PATH, clusterIdNode(settings.clusterId))],
      { step: "start/cluster-id-created" });
  }
  const clusterId = String(parsed(answer.data)?.["id"] ?? "");
  const stored = readMetaProperties(process.disk);
  if (stored !== null && stored.clusterId !== clusterId) {
    return failStart(process, node, wrongClusterId(serverProperties(settings), clusterId, stored.clusterId).lines);
  }
  if (stored === null) {
    writeRecordFile(process.disk, META_PROPERTIES_PATH, { clusterId, nodeId: settings.nodeId, directoryId: "" }, true);
  }
  readStartConfigs(process, node);
}

/** Called again when the logs have been read. */
export function loadLogs(process: ProcessContext, node: ZooKeeperNodeState): void {
  if (node.phase !== "starting" || !logsAreLoaded(process, node.broker)) return;
  askZooKeeper(process, node, [{ op: "getChildren", path: BROKER_IDS_PATH, watch: false }], { step: "start/brokers" });
}

function endpointsRead(process: ProcessContext, node: ZooKeeperNodeState, ids: readonly number[], answers: readonly ZooKeeperAnswer[]): void {
  const { settings } = node;
  const twin = ids.find((id, index) => {
    const broker = brokerIn(id, answers[index]?.data);
    return broker !== null && broker.host === settings.host && broker.port === BROKER_PORT;
  });
  if (twin === undefined) return register(process, node);
  failStart(process, node, duringStartup(node, `java.lang.IllegalArgumentException: requirement failed: Configured end points ${settings.host}:${BROKER_PORT} `
    + `in advertised listeners are already registered by broker ${twin}`));
}

/** Created empty and filled in one transaction, so that its version is 1 from the start. */
function register(process: ProcessContext, node: ZooKeeperNodeState): void {
  const { nodeId, host, rack } = node.settings;
  const path = brokerIdPath(nodeId);
  const data = brokerNode({ brokerId: nodeId, host, port: BROKER_PORT, rack }, toMs(process.now));
  askZooKeeper(process, node, [{ op: "multi", operations: [createNode(path, null, "ephemeral"), { op: "setData", path, data, version: 0 }] }], { step: "start/registered" });
}

function registered(process: ProcessContext, node: ZooKeeperNodeState, answer: ZooKeeperAnswer | undefined): void {
  if (answer?.error === "OK") return becomeRunning(process, node, answer.results?.[1]?.stat?.czxid ?? -1);
  if (answer?.results?.[0]?.error === "NODEEXISTS") {
    return askZooKeeper(process, node, [{ op: "exists", path: brokerIdPath(node.settings.nodeId), watch: false }], { step: "start/owner" });
  }
  register(process, node);
}

/** Its own transaction may have been carried out before the connection broke. */
function ownerRead(process: ProcessContext, node: ZooKeeperNodeState, answer: ZooKeeperAnswer | undefined): void {
  const { stat } = answer ?? {};
  if (stat === undefined) return register(process, node);
  const { sessionId } = node.zooKeeper;
  if (stat.ephemeralOwner === sessionId) return becomeRunning(process, node, stat.czxid);
  failStart(process, node, [
    `ERROR Error while creating ephemeral at ${brokerIdPath(node.settings.nodeId)}, node already exists and owner '0x${stat.ephemeralOwner.toString(16)}' `
      + `does not match current session '0x${sessionId.toString(16)}' (kafka.zk.KafkaZkClient$CheckedEphemeral)`,
    ...duringStartup(node, "org.apache.zookeeper.KeeperException$NodeExistsException: KeeperErrorCode = NodeExists"),
  ]);
}

function becomeRunning(process: ProcessContext, node: ZooKeeperNodeState, brokerEpoch: number): void {
  const { broker } = node;
  registeredInZooKeeper(node, brokerEpoch);
  if (node.phase === "starting") {
    node.phase = "running";
    broker.isReady = true;
    shrinkIsrs(process, broker);
    process.schedule(fromMs(broker.settings["replica.high.watermark.checkpoint.interval.ms"]), CHECKPOINT_TIMER);
    process.schedule(fromMs(PRODUCER_EXPIRATION_CHECK_MS), PRODUCER_EXPIRATION_TIMER);
  }
  startBrokerMigration(process, node);
  runForController(controllerRun(process, node));
}
