"""Which scenarios share a cluster, and the values of the two variants."""
import os, json
import scenarios as S
import more_scenarios as T

QUIET = {"auto.leader.rebalance.enable": "false"}
PLANS = {
    "fail": {"cluster": {"overrides": QUIET}, "run": [S.s03_failure, S.s04_minisr, S.s07_last, S.s08_unclean]},
    "ops": {"cluster": {"overrides": QUIET}, "run": [S.s20_preferred, S.s21_shutdown, S.s06_create_down, S.s12_coordinator]},
    "data": {"cluster": {"overrides": QUIET}, "run": [S.s01_keys, S.s02_placement, S.s14_transactions, S.s13_idempotence]},
    "move": {"cluster": {"overrides": QUIET, "brokers": 4}, "up": [1, 2, 3], "run": [S.s15_reassign]},
    "cli": {"cluster": {"overrides": QUIET}, "run": [S.s19_cli]},
    "groups": {"cluster": {"overrides": QUIET}, "run": [S.s10_groups_cli, S.s10_groups]},
    "848": {"cluster": {"overrides": QUIET}, "run": [S.s11_848]},
    "ctl": {"cluster": {"overrides": QUIET}, "run": [S.s16_controller]},
    "zk": {"cluster": {"overrides": QUIET}, "run": [S.s18_zookeeper, S.s17_zk_quorum]},
    "meta": {"cluster": {"overrides": QUIET}, "run": [S.s23_metadata]},
    "log": {"cluster": {"brokers": 1, "controllers": 1, "overrides": dict(QUIET, **{"log.retention.check.interval.ms": "10000", "log.initial.task.delay.ms": "5000", "log.cleaner.backoff.ms": "3000", "log.segment.delete.delay.ms": "5000", "offsets.topic.replication.factor": "1"})}, "run": [S.s24_log]},
    "start": {"cluster": {"brokers": 2, "overrides": QUIET}, "run": [S.s25_start]},
    "mix": {"cluster": {"overrides": QUIET}, "run": [S.s01_keys, S.s02_placement, S.s14_transactions, S.s13_idempotence, S.s20_preferred, S.s21_shutdown, S.s06_create_down, S.s12_coordinator, S.s10_groups_cli, S.s10_groups]},
    "racks": {"cluster": {"brokers": 6, "controllers": 1, "overrides": QUIET, "node_overrides": {i: {"broker.rack": "r%d" % (1 + i % 2)} for i in range(1, 7)}}, "run": [S.s02_racks]},
    "racks3": {"cluster": {"brokers": 6, "controllers": 1, "overrides": QUIET, "node_overrides": {i: {"broker.rack": "rack-%s" % "bcaacb"[i - 1]} for i in range(1, 7)}}, "run": [S.s02_racks]},
    "unclean": {"cluster": {"overrides": QUIET}, "run": [S.s08_unclean]},
    "auto": {"cluster": {}, "run": [S.s20_auto]},
    # second round
    "migrate": {"class": T.MigCluster, "cluster": {"overrides": QUIET}, "run": [T.s26_migration]},
    "rollback": {"class": T.MigCluster, "cluster": {"overrides": QUIET}, "run": [T.s26_rollback]},
    "near": {"cluster": {"overrides": dict(QUIET, **{"replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector", "replica.lag.time.max.ms": "3000"}), "node_overrides": {i: {"broker.rack": "rack-%s" % "abc"[i - 1]} for i in (1, 2, 3)}}, "run": [T.s27_follower_fetch]},
    "edges": {"cluster": {"overrides": QUIET}, "run": [T.s36_consumer_edges, T.s28_static, T.s31_quotas, T.s34_torn_tail]},
    "edge36": {"cluster": {"overrides": QUIET}, "run": [T.s36_consumer_edges]},
    "edgepar": {"cluster": {"overrides": QUIET}, "parallel": True, "run": [T.s36_consumer_edges, T.s28_static, T.s31_quotas]},
    "static": {"cluster": {"overrides": QUIET}, "run": [T.s28_static]},
    "quotas": {"cluster": {"overrides": QUIET}, "run": [T.s31_quotas]},
    "torn": {"cluster": {"overrides": QUIET}, "run": [T.s34_torn_tail]},
    "autotopics": {"cluster": {"overrides": dict(QUIET, **{"num.partitions": "2", "default.replication.factor": "3"})}, "run": [T.s29_auto_topics]},
    "share": {"cluster": {"overrides": QUIET}, "run": [T.s33_share]},
    "racksguide": {"cluster": {"brokers": 6, "controllers": 1, "overrides": QUIET, "node_overrides": {i: {"broker.rack": "rack-%s" % ("A" if i < 4 else "B")} for i in range(1, 7)}}, "run": [T.s30_racks_guide]},
    "dynamic": {"class": T.DynCluster, "boot": False, "cluster": {"overrides": {}, "brokers": 2, "controllers": 3}, "run": [T.s32_dynamic]},
    "static-quorum": {"class": T.DynCluster, "boot": False, "cluster": {"overrides": {}, "brokers": 1, "controllers": 3}, "run": [T.s32_static]},
    "full": {"class": T.SmallDisk, "cluster": {"overrides": QUIET}, "run": [T.s34_full_disk]},
    "migmistakes": {"class": T.MigCluster, "cluster": {"overrides": QUIET}, "run": [T.s26_mistakes]},
}


def variant(fn, name):
    """public: the defaults written in the scenario; other names: values from a json file next to the output (environment GOLDEN_VARIANTS)"""
    if name == "public":
        return {}
    v = json.load(open(os.environ["GOLDEN_VARIANTS"]))
    return v.get(fn.__name__)
