// Which topic names Kafka takes, and which collide in the names of metrics. Follows Topic.java.
const NAME_LENGTH_MAX = 249;
const LEGAL = /^[a-zA-Z0-9._-]+$/;

/** Null when the name is legal, else Kafka's text. */
export function topicNameProblem(name: string): string | null {
  if (name === "") return "Topic name is invalid: the empty string is not allowed";
  if (name === "." || name === "..") return `Topic name is invalid: '${name}' is not allowed`;
  if (name.length > NAME_LENGTH_MAX) return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${NAME_LENGTH_MAX}`;
  if (!LEGAL.test(name)) {
    return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  }
  return null;
}

/** A dot and an underscore are the same in a metric's name. */
export function collidingTopic(name: string, existing: Iterable<string>): string | null {
  if (!/[._]/.test(name)) return null;
  const unified = name.replaceAll(".", "_");
  for (const other of existing) if (other !== name && other.replaceAll(".", "_") === unified) return other;
  return null;
}
