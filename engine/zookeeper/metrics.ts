// What a server counts about itself, for `mntr`. Source: ServerMetrics.java, AvgMinMaxCounter.java, AvgMinMaxPercentileCounter.java (3.8.4).
// FIDELITY: ZK-MNTR.
import { utf8Length } from "#engine/protocol/schema.ts";
import { javaBucket } from "./java-hash.ts";
import { MONITOR_COUNTERS, PERCENTILES, SUMMARIES, type MonitorCounter, type MonitorSummary } from "./monitor-names.ts";
import type { TreeChange } from "./znode-database.ts";

/** Values seen and how often: small whole numbers, so that percentiles are exact. */
export interface MetricSummary { min: number; max: number; count: number; sum: number; readonly seen: Map<number, number> }

/** Plain data. `writes`: bytes written below each first name of a path. */
export interface Metrics {
  readonly counters: Map<MonitorCounter, number>;
  readonly summaries: Map<MonitorSummary, MetricSummary>;
  readonly writes: Map<string, MetricSummary>;
}

export function createMetrics(): Metrics {
  return { counters: new Map(), summaries: new Map(), writes: new Map() };
}

export function countMetric(metrics: Metrics, name: MonitorCounter, by = 1): void {
  metrics.counters.set(name, (metrics.counters.get(name) ?? 0) + by);
}

export function addMetric(metrics: Metrics, name: MonitorSummary, value: number): void {
  addTo(metrics.summaries, name, value);
}

export function countWrites(metrics: Metrics, changes: readonly TreeChange[]): void {
  for (const { path, change, data } of changes) addWrite(metrics, path, change === "deleted" || data === null ? 0 : utf8Length(data));
}

/** DataTree.updateWriteStat: the path and the data written to it, under the first name of the path. */
export function addWrite(metrics: Metrics, path: string, dataBytes: number): void {
  const end = path.indexOf("/", 1);
  const namespace = path.slice(1, end < 0 ? path.length : end);
  if (namespace !== "") addTo(metrics.writes, namespace, path.length + dataBytes);
}

function addTo<K>(summaries: Map<K, MetricSummary>, name: K, value: number): void {
  let summary = summaries.get(name);
  if (summary === undefined) summaries.set(name, summary = { min: value, max: value, count: 0, sum: 0, seen: new Map() });
  summary.min = Math.min(summary.min, value);
  summary.max = Math.max(summary.max, value);
  summary.count += 1;
  summary.sum += value;
  summary.seen.set(value, (summary.seen.get(value) ?? 0) + 1);
}

/** AvgMinMaxCounter.getAvg as Java prints it: four digits at most, one at least. */
export function averageText(sum: number, count: number): string {
  const rounded = count === 0 ? 0 : Math.round(sum / count * 10_000) / 10_000;
  return Number.isInteger(rounded) ? `${rounded}.0` : String(rounded);
}

/** Lines of the counters, the summaries, and the summaries with percentiles, in ZooKeeper's order. `learners`: ids of a leader's followers. */
export function metricLines(metrics: Metrics, learners: readonly number[]): string[] {
  return [
    ...MONITOR_COUNTERS.map(name => `zk_${name}\t${metrics.counters.get(name) ?? 0}`),
    ...SUMMARIES.flatMap(name => summaryLines(name, metrics.summaries.get(name))),
    ...learners.flatMap(id => summaryLines(`${id}_learner_handler_qp_size`, undefined)),
    ...PERCENTILES.flatMap(name => percentileLines(name, metrics.summaries.get(name))),
    ...inJavaOrder([...metrics.writes.keys()]).flatMap(name => summaryLines(`${name}_write_per_namespace`, metrics.writes.get(name))),
    ...learners.flatMap(id => percentileLines(`${id}_learner_handler_qp_time_ms`, undefined)),
  ];
}

function summaryLines(name: string, summary: MetricSummary | undefined): string[] {
  const { min, max, count, sum } = summary ?? { min: 0, max: 0, count: 0, sum: 0 };
  return [`zk_avg_${name}\t${averageText(sum, count)}`, `zk_min_${name}\t${min}`, `zk_max_${name}\t${max}`, `zk_cnt_${name}\t${count}`, `zk_sum_${name}\t${sum}`];
}

function percentileLines(name: string, summary: MetricSummary | undefined): string[] {
  const parts = [["p50", 500], ["p95", 950], ["p99", 990], ["p999", 999]] as const;
  return [...summaryLines(name, summary), ...parts.map(([label, thousandths]) => `zk_${label}_${name}\t${percentile(summary, thousandths)}`)];
}

function percentile(summary: MetricSummary | undefined, thousandths: number): number {
  if (summary === undefined) return 0;
  const rank = Math.ceil(summary.count * thousandths / 1000);
  let below = 0;
  for (const [value, count] of [...summary.seen].sort(([one], [other]) => one - other)) {
    below += count;
    if (below >= rank) return value;
  }
  return summary.max;
}

/** Order of a Java hash map with these keys. */
function inJavaOrder(names: readonly string[]): string[] {
  let buckets = 16;
  while (names.length > buckets * 3 / 4) buckets *= 2;
  const ordered = names.map(name => ({ name, bucket: javaBucket(name, buckets) }));
  return ordered.sort((one, other) => one.bucket - other.bucket).map(({ name }) => name);
}
