// Settings of clients by Kafka's names: their defaults in 3.9 and what they become. Numbers and booleans may stand as texts.
// Source: CommonClientConfigs.java, AdminClientConfig.java, ConsumerConfig.java. FIDELITY: CLIENT-SETTINGS.
import type { Settings } from "#engine/cluster/spec.ts";
import type { Endpoint, NetworkClientSettings } from "#engine/protocol/network-client.ts";

export function integerSetting(settings: Settings, name: string, fallback: number): number {
  const value = settings[name];
  return value === undefined ? fallback : Math.trunc(Number(value));
}

export function booleanSetting(settings: Settings, name: string, fallback: boolean): boolean {
  const value = settings[name];
  return value === undefined ? fallback : value === true || value === "true";
}

export function textSetting(settings: Settings, name: string, fallback: string): string {
  const value = settings[name];
  return value === undefined ? fallback : String(value);
}

/** What every client process is started with. */
export interface ClientProcessSettings {
  readonly clientId: string;
  readonly bootstrap: readonly Endpoint[];
  readonly overrides: Settings;
}

export interface BackoffSettings { readonly baseMs: number; readonly maxMs: number }

/** What all three kinds of client share. */
export interface ClientSettings {
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly retryBackoff: BackoffSettings;
  readonly metadataMaxAgeMs: number;
}

export function readClientSettings({ clientId, overrides }: ClientProcessSettings): ClientSettings {
  return {
    clientId,
    requestTimeoutMs: integerSetting(overrides, "request.timeout.ms", 30_000),
    retryBackoff: {
      baseMs: integerSetting(overrides, "retry.backoff.ms", 100), maxMs: integerSetting(overrides, "retry.backoff.max.ms", 1_000),
    },
    metadataMaxAgeMs: integerSetting(overrides, "metadata.max.age.ms", 300_000),
  };
}

export function readNetworkSettings({ clientId, overrides }: ClientProcessSettings): NetworkClientSettings {
  return {
    clientId,
    reconnectBackoffMs: integerSetting(overrides, "reconnect.backoff.ms", 50),
    reconnectBackoffMaxMs: integerSetting(overrides, "reconnect.backoff.max.ms", 1_000),
    connectionSetupTimeoutMs: integerSetting(overrides, "socket.connection.setup.timeout.ms", 10_000),
  };
}
