// A cluster of three brokers in ZooKeeper mode with an ensemble of three, and three KRaft controllers that wait to take over; and the steps of a
// migration as an operator takes them.
import { type LoggedRecord, observeMetadataLog } from "#engine/cluster/observe-metadata-log.ts";
import { observeZnodes } from "#engine/cluster/observe-znodes.ts";
import type { ClusterSpec, Settings } from "#engine/cluster/spec.ts";
import { validateSpec } from "#engine/cluster/validate-spec.ts";
import { Operated } from "../../cluster/operated-cluster.ts";

const VOTERS = "101@controller101:9093,102@controller102:9093,103@controller103:9093";
const ENSEMBLE = "zookeeper1:2181,zookeeper2:2181,zookeeper3:2181";
const MIGRATING: Settings = { "zookeeper.metadata.migration.enable": true, "zookeeper.connect": ENSEMBLE };
const CONTROLLERS = [101, 102, 103];

const SPEC: ClusterSpec = {
  kafka: "3.9", mode: "zookeeper",
  nodes: [
    ...[1, 2, 3].map(id => ({ id, host: `broker${id}` })),
    ...CONTROLLERS.map(id => ({ id, host: `controller${id}`, roles: ["controller" as const], startsLater: true, settings: MIGRATING })),
  ],
  zookeeper: [1, 2, 3].map(id => ({ id, host: `zookeeper${id}` })),
  settings: { "auto.leader.rebalance.enable": false },
  topics: [{ name: "orders", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]], configs: { "min.insync.replicas": 2 } }],
  producers: [{ id: "till", host: "shop", settings: { acks: "all" }, workload: { topic: "orders", everyMs: 200, keys: [null] } }],
};

export class MigratingCluster extends Operated {
  constructor(seed = 1) {
    super(validateSpec(SPEC), seed);
  }

  startControllers(): void {
    for (const id of CONTROLLERS) this.do({ do: "restart", node: `controller-${id}` });
    this.advance(10);
  }

  /** With a clean end before. */
  restart(node: string, settings: Readonly<Record<string, string | null>>, seconds = 15): void {
    this.do({ do: "shut-down", node });
    this.advance(15);
    this.do({ do: "restart", node, settings });
    this.advance(seconds);
  }

  intoMigration(): void {
    for (const id of [1, 2, 3]) this.restart(`broker-${id}`, { "zookeeper.metadata.migration.enable": "true", "controller.quorum.voters": VOTERS });
  }

  intoKraft(broker: number): void {
    this.restart(`broker-${broker}`, { "process.roles": "broker", "node.id": String(broker), "zookeeper.connect": null, "zookeeper.metadata.migration.enable": null });
  }

  backToZooKeeper(broker: number): void {
    this.restart(`broker-${broker}`, {
      "process.roles": null, "node.id": null, "broker.id": String(broker), "zookeeper.connect": ENSEMBLE, "zookeeper.metadata.migration.enable": "true",
    });
  }

  finalise(): void {
    for (const id of CONTROLLERS) this.restart(`controller-${id}`, { "zookeeper.connect": null, "zookeeper.metadata.migration.enable": null }, 5);
  }

  /** Data and version of a znode; undefined when there is none. */
  znode(path: string): { readonly data: Readonly<Record<string, unknown>> | number; readonly version: number; readonly ephemeral: boolean } | undefined {
    const znode = observeZnodes(this.cluster, path).find(found => found.path === path);
    return znode === undefined ? undefined : { data: JSON.parse(znode.data ?? "null") as Readonly<Record<string, unknown>>, version: znode.version, ephemeral: znode.ephemeral };
  }

  records(type: string): readonly LoggedRecord[] {
    return observeMetadataLog(this.cluster).filter(({ record }) => record.type === type);
  }
}
