// The text of `mntr`. Source: MonitorCommand.java, ServerMetrics.java (3.8.4). FIDELITY: ZK-MNTR.
import type { Server } from "./server-state.ts";

/** AvgMinMaxCounter.getAvg as Java prints it: four digits at most, one at least. */
export function averageText(sum: number, count: number): string {
  const rounded = count === 0 ? 0 : Math.round(sum / count * 10_000) / 10_000;
  return Number.isInteger(rounded) ? `${rounded}.0` : String(rounded);
}

export function monitorText(server: Server): string {
  return `zk_server_state\t${server.state.role === "leading" ? "leader" : "follower"}\n`;
}
