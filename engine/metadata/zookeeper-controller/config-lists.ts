// Settings that are lists, "compact,delete": what APPEND and SUBTRACT of IncrementalAlterConfigs make of them. Source: ConfigAdminManager.scala (3.9).

/** Items once, in their order. */
export function listValue(before: string, items: string, isAppended: boolean): string {
  const current = before.split(",").filter(item => item !== "");
  const given = items.split(",").filter(item => item !== "");
  const after = isAppended ? [...current, ...given] : current.filter(item => !given.includes(item));
  return [...new Set(after)].join(",");
}
