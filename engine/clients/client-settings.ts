// Settings of clients by Kafka's names: their defaults in 3.9 and what they become. Numbers and booleans may stand as texts.
// Source: CommonClientConfigs.java, AdminClientConfig.java, ConsumerConfig.java. FIDELITY: CLIENT-SETTINGS.
import type { Settings } from "#engine/cluster/spec.ts";
import { type KafkaVersion, profileOf, type VersionProfile } from "#engine/protocol/version-profile.ts";
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
  /** Release of the client library; absent: 3.9. */
  readonly kafka?: KafkaVersion;
  readonly clientId: string;
  readonly bootstrap: readonly Endpoint[];
  readonly overrides: Settings;
}

/** What a client library of this release does; it does not know the mode of the cluster. */
export function clientProfile(kafka: KafkaVersion = "3.9"): VersionProfile {
  return profileOf(kafka, "kraft");
}

export interface BackoffSettings { readonly baseMs: number; readonly maxMs: number }

/** What all three kinds of client share. */
export interface ClientSettings {
  readonly clientId: string;
  readonly profile: VersionProfile;
  readonly requestTimeoutMs: number;
  readonly retryBackoff: BackoffSettings;
  readonly metadataMaxAgeMs: number;
}

export function readClientSettings({ clientId, overrides, kafka }: ClientProcessSettings): ClientSettings {
  return {
    clientId, profile: clientProfile(kafka),
    requestTimeoutMs: integerSetting(overrides, "request.timeout.ms", 30_000),
    retryBackoff: {
      baseMs: integerSetting(overrides, "retry.backoff.ms", 100), maxMs: integerSetting(overrides, "retry.backoff.max.ms", 1_000),
    },
    metadataMaxAgeMs: integerSetting(overrides, "metadata.max.age.ms", 300_000),
  };
}

export function readNetworkSettings({ clientId, overrides }: ClientProcessSettings): NetworkClientSettings {
  return {
    // What brokers see, and quotas go by; facts keep the name of the process.
    clientId: textSetting(overrides, "client.id", clientId),
    reconnectBackoffMs: integerSetting(overrides, "reconnect.backoff.ms", 50),
    reconnectBackoffMaxMs: integerSetting(overrides, "reconnect.backoff.max.ms", 1_000),
    connectionSetupTimeoutMs: integerSetting(overrides, "socket.connection.setup.timeout.ms", 10_000),
  };
}
