import { describe, expect, test } from "vitest";
import { quorumLeaderOf } from "#engine/cluster/fold-facts.ts";
import type { NodeView } from "#engine/cluster/view.ts";

type Role = NodeView["quorum"]["role"];
const node = (id: number, role: Role, epoch: number, status: NodeView["status"] = "running"): NodeView =>
  ({ id, name: `broker-${id}`, host: `host-${id}`, rack: null, status, belief: "unfenced", quorum: { role, epoch, leader: -1, logEnd: 0, highWatermark: 0 } });

describe("the active controller", () => {
  test("stays who it is while one voter, cut off, counts up its epoch alone", () => {
    expect(quorumLeaderOf([node(1, "follower", 1), node(2, "candidate", 13), node(3, "leader", 1)])).toEqual({ activeController: 3, quorumEpoch: 1 });
  });
  test("is nobody once a majority has gone on to a later epoch", () => {
    expect(quorumLeaderOf([node(1, "follower", 14), node(2, "candidate", 14), node(3, "leader", 1)])).toEqual({ activeController: -1, quorumEpoch: 14 });
  });
  test("is the leader of the newest epoch when an old one does not know yet", () => {
    expect(quorumLeaderOf([node(1, "leader", 2), node(2, "follower", 2), node(3, "leader", 1)])).toEqual({ activeController: 1, quorumEpoch: 2 });
  });
  test("is no process that has stopped", () => {
    expect(quorumLeaderOf([node(1, "follower", 1), node(2, "follower", 1), node(3, "leader", 1, "stopped")])).toEqual({ activeController: -1, quorumEpoch: 1 });
  });
});
