// A broker's life in the eyes of the controller: registration, heartbeats, fenced start, controlled shutdown.
// Follows BrokerLifecycleManager.scala (3.9): one communication at a time, answered or failed before the next is scheduled.
// FIDELITY: LIFE-STARTUP-WORK.
import { readRecordFile, writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import { supportedFeatures } from "#engine/metadata/feature-updates.ts";
import { booleanSetting, numberSetting } from "#engine/metadata/kraft-settings.ts";
import { openStorage } from "#engine/metadata/node-storage.ts";
import { randomUuid } from "#engine/metadata/random-uuid.ts";
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import { profileOf } from "#engine/protocol/version-profile.ts";
import { openDirectories } from "./log-directories.ts";
import type { KafkaNodeSettings } from "./node-settings.ts";

export interface LifecycleHost {
  /** To the active controller, wherever it is; the result comes back through `lifecycleResponse`. */
  sendToController<A extends Api>(request: { readonly api: A; readonly body: RequestOf<A>; readonly timeoutMs: number; readonly context: unknown }): void;
  /** Its logs are open and it has acted on the metadata: it may ask to be unfenced. */
  isReady(): boolean;
  /** The controller knows this incarnation by that epoch. */
  registered(brokerEpoch: number): void;
  /** Controlled shutdown is over, or the broker gave up: the process may end. */
  mayExit(): void;
}

export type BrokerState = "starting" | "recovery" | "running" | "pending-controlled-shutdown" | "shutting-down";

export interface LifecycleState {
  readonly settings: KafkaNodeSettings;
  readonly incarnationId: string;
  /** Ids of the log directories that could be used at the start, and of those that have failed since (KIP-858). */
  readonly logDirectoryIds: readonly string[];
  offlineDirectoryIds: readonly string[];
  readonly heartbeatIntervalMs: number;
  readonly sessionTimeoutMs: number;
  state: BrokerState;
  /** Of the life before, if it has closed its logs; else -1: what its replicas had confirmed may be lost (KIP-966). */
  readonly previousBrokerEpoch: number;
  /** -1 before the registration. */
  brokerEpoch: number;
  /** Offset of the last metadata record that this broker has applied. */
  metadataOffset: number;
  failedAttempts: number;
  /** The answer that is waited for; 0 for none. A later one makes an earlier one stale. */
  inFlight: number;
  lastCommunication: number;
  /** Ask again at once when the answer comes. */
  againAtOnce: boolean;
  gotShutdownResponse: boolean;
  timer: number;
}

const COMMUNICATE = "lifecycle communicate";
const REGISTRATION_TIMEOUT = "lifecycle registration timeout";
const SHUTDOWN_TIMEOUT = "lifecycle shutdown timeout";
/** resendExponentialBackoff: 100 ms doubled up to the session timeout, 2 % jitter. */
const RESEND_BACKOFF_MS = 100;
/** How soon a broker that is starting, or has just asked to stop, asks again. */
const STARTING_PAUSE_MS = 10;
const FIRST_SHUTDOWN_PAUSE_MS = 50;
/** KafkaBroker.scala: a controlled shutdown that the controller never grants. */
const CONTROLLED_SHUTDOWN_MS = 300_000;

export function startLifecycle(process: ProcessContext, host: LifecycleHost, settings: KafkaNodeSettings): LifecycleState {
  const { overrides } = settings;
  const directories = openDirectories(process, overrides, openStorage(process, settings));
  const state: LifecycleState = {
    settings, incarnationId: randomUuid(process, "incarnation id"), logDirectoryIds: directories.filter(directory => !directory.isOffline).map(directory => directory.id), offlineDirectoryIds: [], previousBrokerEpoch: takePreviousEpoch(process),
    heartbeatIntervalMs: numberSetting(overrides, "broker.heartbeat.interval.ms", 2000),
    sessionTimeoutMs: numberSetting(overrides, "broker.session.timeout.ms", 9000),
    state: "starting", brokerEpoch: -1, metadataOffset: -1, failedAttempts: 0, inFlight: 0, lastCommunication: 0, againAtOnce: false,
    gotShutdownResponse: false, timer: 0,
  };
  // Only ZooKeeper decides whether a broker in migration mode may run.
  if (settings.mode === "kraft") process.schedule(fromMs(numberSetting(overrides, "initial.broker.registration.timeout.ms", 60_000)), REGISTRATION_TIMEOUT);
  communicate(process, host, state);
  return state;
}

/** The broker epoch in `.kafka_cleanshutdown`, which only a life that closed its logs leaves behind. */
const CLEAN_SHUTDOWN_EPOCH = "clean-shutdown-broker-epoch";

function takePreviousEpoch(process: ProcessContext): number {
  const epoch = readRecordFile(process.disk, CLEAN_SHUTDOWN_EPOCH);
  process.disk.delete(CLEAN_SHUTDOWN_EPOCH);
  return typeof epoch === "number" ? epoch : -1;
}

// ---- what goes out

function communicate(process: ProcessContext, host: LifecycleHost, state: LifecycleState): void {
  state.lastCommunication += 1;
  state.inFlight = state.lastCommunication;
  state.againAtOnce = false;
  const context = { for: "lifecycle", number: state.inFlight } as const;
  const { settings, sessionTimeoutMs: timeoutMs } = state;
  if (state.brokerEpoch === -1) {
    const body: RequestOf<"BrokerRegistration"> = {
      brokerId: settings.nodeId, clusterId: settings.clusterId, incarnationId: state.incarnationId,
      listeners: [{ name: "PLAINTEXT", host: settings.host, port: 9092, securityProtocol: 0 }], features: featuresOf(settings),
      rack: settings.rack, isMigratingZkBroker: settings.mode === "zookeeper", logDirs: state.logDirectoryIds, previousBrokerEpoch: state.previousBrokerEpoch,
    };
    host.sendToController({ api: "BrokerRegistration", body, timeoutMs, context });
    return;
  }
  const body: RequestOf<"BrokerHeartbeat"> = {
    brokerId: settings.nodeId, brokerEpoch: state.brokerEpoch, currentMetadataOffset: state.metadataOffset,
    wantFence: state.state === "starting", wantShutDown: state.state === "pending-controlled-shutdown",
    offlineLogDirs: state.offlineDirectoryIds,
  };
  host.sendToController({ api: "BrokerHeartbeat", body, timeoutMs, context });
}

/** A broker in ZooKeeper mode goes by inter.broker.protocol.version: it supports that one metadata version. */
function featuresOf({ kafka, mode }: KafkaNodeSettings): RequestOf<"BrokerRegistration">["features"] {
  const profile = profileOf(kafka, "kraft");
  const features = supportedFeatures(profile);
  const level = profile.features.find(feature => feature.name === "metadata.version")?.formatLevel ?? 0;
  return mode === "kraft" ? features : features.map(feature => feature.name === "metadata.version" ? { ...feature, minSupportedVersion: level, maxSupportedVersion: level } : feature);
}

/** A log directory has failed: the controller hears of it at once, and with every heartbeat from now on. */
export function directoryWentOffline(process: ProcessContext, host: LifecycleHost, state: LifecycleState, directoryId: string): void {
  if (state.offlineDirectoryIds.includes(directoryId)) return;
  state.offlineDirectoryIds = [...state.offlineDirectoryIds, directoryId];
  if (state.brokerEpoch !== -1) communicateAtOnce(process, host, state);
}

function scheduleNext(process: ProcessContext, host: LifecycleHost, state: LifecycleState, delayMs: number): void {
  if (state.timer !== 0) process.cancel(state.timer);
  state.timer = 0;
  if (state.againAtOnce) communicate(process, host, state);
  else state.timer = process.schedule(fromMs(delayMs), COMMUNICATE);
}

function scheduleAfterFailure(process: ProcessContext, host: LifecycleHost, state: LifecycleState): void {
  const plainMs = Math.min(RESEND_BACKOFF_MS * (1 << Math.min(state.failedAttempts, 20)), state.sessionTimeoutMs);
  state.failedAttempts += 1;
  const spreadMs = Math.floor(plainMs / 50);
  state.againAtOnce = false;
  scheduleNext(process, host, state, plainMs - spreadMs + process.random("lifecycle back-off", 2 * spreadMs + 1));
}

/** Now, or as soon as the answer that is on its way has come. */
function communicateAtOnce(process: ProcessContext, host: LifecycleHost, state: LifecycleState): void {
  state.againAtOnce = true;
  if (state.inFlight === 0) scheduleNext(process, host, state, 0);
}

// ---- what comes back

export function lifecycleResponse(process: ProcessContext, host: LifecycleHost, state: LifecycleState, result: NetworkResult): void {
  const { number } = result.context as { readonly number: number };
  if (number !== state.inFlight || state.state === "shutting-down") return;
  state.inFlight = 0;
  if (result.response === null) scheduleAfterFailure(process, host, state);
  else if (result.api === "BrokerRegistration") onRegistered(process, host, state, result.response as ResponseOf<"BrokerRegistration">);
  else onHeartbeat(process, host, state, result.response as ResponseOf<"BrokerHeartbeat">);
}

function onRegistered(process: ProcessContext, host: LifecycleHost, state: LifecycleState, body: ResponseOf<"BrokerRegistration">): void {
  if (body.error !== "NONE") {
    scheduleAfterFailure(process, host, state);
    return;
  }
  state.failedAttempts = 0;
  state.brokerEpoch = body.brokerEpoch;
  host.registered(body.brokerEpoch);
  communicateAtOnce(process, host, state);
}

function onHeartbeat(process: ProcessContext, host: LifecycleHost, state: LifecycleState, body: ResponseOf<"BrokerHeartbeat">): void {
  if (body.error !== "NONE") {
    scheduleAfterFailure(process, host, state);
    return;
  }
  state.failedAttempts = 0;
  switch (state.state) {
    case "starting":
      // Once it has its own registration, the broker asks to be unfenced.
      if (body.isCaughtUp && host.isReady()) state.state = "recovery";
      scheduleNext(process, host, state, STARTING_PAUSE_MS);
      return;
    case "recovery":
      if (!body.isFenced) state.state = "running";
      scheduleNext(process, host, state, state.heartbeatIntervalMs);
      return;
    case "running":
      scheduleNext(process, host, state, state.heartbeatIntervalMs);
      return;
    case "pending-controlled-shutdown": {
      if (body.shouldShutDown) {
        endLife(process, host, state);
        return;
      }
      const isFirst = !state.gotShutdownResponse;
      state.gotShutdownResponse = true;
      scheduleNext(process, host, state, isFirst ? FIRST_SHUTDOWN_PAUSE_MS : state.heartbeatIntervalMs);
      return;
    }
    case "shutting-down": return;
  }
}

/** False when the timer is not one of these. */
export function lifecycleTimer(process: ProcessContext, host: LifecycleHost, state: LifecycleState, name: string, _payload: unknown, sequence: number): boolean {
  switch (name) {
    case COMMUNICATE:
      if (sequence !== state.timer) return true;
      state.timer = 0;
      process.becauseOf(-1);
      if (state.state !== "shutting-down") communicate(process, host, state);
      return true;
    case REGISTRATION_TIMEOUT:
      if (state.brokerEpoch === -1) giveUpRegistration(process, host, state);
      return true;
    case SHUTDOWN_TIMEOUT: endLife(process, host, state); return true;
    default: return false;
  }
}

/** The broker has applied the metadata log up to and including `offset`. */
export function lifecycleMetadataApplied(_process: ProcessContext, _host: LifecycleHost, state: LifecycleState, offset: number): void {
  state.metadataOffset = offset;
}

/** SIGTERM: the controller is asked to move leaders first; a broker that does not serve yet just ends. */
export function beginControlledShutdown(process: ProcessContext, host: LifecycleHost, state: LifecycleState): void {
  if (state.state === "pending-controlled-shutdown" || state.state === "shutting-down") return;
  if (state.state !== "running" || !booleanSetting(state.settings.overrides, "controlled.shutdown.enable", true)) {
    endLife(process, host, state);
    return;
  }
  state.state = "pending-controlled-shutdown";
  process.schedule(fromMs(CONTROLLED_SHUTDOWN_MS), SHUTDOWN_TIMEOUT);
  communicateAtOnce(process, host, state);
}

/** initial.broker.registration.timeout.ms is over: another broker has the id, the cluster's id is wrong, or no controller could be reached. */
function giveUpRegistration(process: ProcessContext, host: LifecycleHost, state: LifecycleState): void {
  const { nodeId } = state.settings;
  process.trace({
    kind: "node-failed", node: nodeId, exitCode: 1,
    text: `ERROR [BrokerLifecycleManager id=${nodeId}] Shutting down because we were unable to register with the controller quorum. (kafka.server.BrokerLifecycleManager)`,
  });
  endLife(process, host, state);
}

function endLife(process: ProcessContext, host: LifecycleHost, state: LifecycleState): void {
  if (state.state === "shutting-down") return;
  state.state = "shutting-down";
  if (state.timer !== 0) process.cancel(state.timer);
  state.timer = 0;
  if (state.brokerEpoch !== -1) writeRecordFile(process.disk, CLEAN_SHUTDOWN_EPOCH, state.brokerEpoch, true);
  host.mayExit();
}
