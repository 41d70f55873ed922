// Topics of the brokers themselves. Source: Topic.java (3.9).
const INTERNAL: readonly string[] = ["__consumer_offsets", "__transaction_state", "__share_group_state"];

export function isInternalTopic(topic: string): boolean {
  return INTERNAL.includes(topic);
}
