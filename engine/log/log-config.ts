// The settings of one topic's logs: its own over the broker's. Source: LogConfig.java (3.9). FIDELITY: LOG-RETENTION, LOG-COMPACTION.

export interface LogConfig {
  readonly minInsyncReplicas: number;
  readonly maxMessageBytes: number;
  readonly segmentBytes: number;
  /** message.timestamp.type=LogAppendTime: the leader's clock stamps the batch. */
  readonly stampsOnAppend: boolean;
}

/** @param topic settings of the topic that differ, by Kafka's names. @param broker what holds when the topic says nothing. */
export function logConfigOf(topic: ReadonlyMap<string, string>, broker: LogConfig): LogConfig {
  const timestampType = topic.get("message.timestamp.type");
  return {
    minInsyncReplicas: numberOr(topic.get("min.insync.replicas"), broker.minInsyncReplicas),
    maxMessageBytes: numberOr(topic.get("max.message.bytes"), broker.maxMessageBytes),
    segmentBytes: numberOr(topic.get("segment.bytes"), broker.segmentBytes),
    stampsOnAppend: timestampType === undefined ? broker.stampsOnAppend : timestampType === "LogAppendTime",
  };
}

function numberOr(value: string | undefined, fallback: number): number {
  return value === undefined ? fallback : Number(value);
}
