// What servers answer to four-letter words: the recorded texts of a 3.8.4 ensemble, with numbers from the simulation. Golden 17, 18.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { create, EnsembleWorld, hostOf } from "./ensemble-world.ts";

const VERSION = "3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12 22:16 UTC";
const NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n";
const ALL = { "4lw.commands.whitelist": "*" };

function served(overrides = {}): EnsembleWorld {
  const world = new EnsembleWorld({ servers: 3, overrides });
  world.addClient("a", [hostOf(1)]);
  world.run(5);
  return world;
}

test("only srvr is allowed by default; other words are named and refused, unknown ones not answered at all", () => {
  const world = served();
  expect(world.word(3, "ruok")).toMatchObject({ text: "ruok is not executed because it is not in the whitelist.\n", closed: true });
  expect(world.word(3, "nope")).toMatchObject({ text: null, closed: true });
  expect(world.word(3, "srvr").text).toBe(
    `Zookeeper version: ${VERSION}\nLatency min/avg/max: 0/0.0/0\nReceived: 2\nSent: 1\nConnections: 1\nOutstanding: 0\nZxid: 0x100000001\nMode: leader\n`
    + "Node count: 5\nProposal sizes last/min/max: 36/36/36\n");
});

test("a whitelist of some words allows just these", () => {
  const world = served({ "4lw.commands.whitelist": "ruok, isro" });
  expect(["ruok", "isro", "srvr"].map(word => world.word(1, word).text)).toEqual(["imok", "rw", "srvr is not executed because it is not in the whitelist.\n"]);
});

test("stat and cons list the connections, the one that asks with [0] and without a session", () => {
  const world = served(ALL);
  expect(world.word(1, "stat").text).toMatch(
    /^Zookeeper version: .*\nClients:\n \/a:\d{5}\[1\]\(queued=0,recved=1,sent=1\)\n \/asker-1:\d{5}\[0\]\(queued=0,recved=1,sent=0\)\n\nLatency min\/avg\/max: /);
  world.ask("a", create("/x"));
  expect(world.word(1, "cons").text).toMatch(
    /^ \/a:\d{5}\[1\]\(queued=0,recved=2,sent=2,sid=0x1[0-9a-f]{14},lop=CREA,est=\d+,to=18000,lcxid=0x1,lzxid=0x100000002,lresp=\d+,llat=\d,minlat=\d,avglat=\d,maxlat=\d+\)\n \/asker-2:\d{5}\[0\]\(queued=0,recved=1,sent=0\)\n\n$/);
  expect(world.word(1, "crst").text).toBe("Connection stats reset.\n");
  expect(world.word(1, "cons").text).toContain("(queued=0,recved=0,sent=0,sid=");
  expect(world.word(1, "srst").text).toBe("Server stats reset.\n");
  expect(world.word(1, "srvr").text).toContain("Received: 1\n");
});

test("conf tells the settings, the ports and the members", () => {
  const world = served({ ...ALL, maxClientCnxns: 0 });
  expect(world.word(2, "conf").text).toBe([
    "clientPort=2181", "secureClientPort=-1", "dataDir=/var/lib/zookeeper/version-2", "dataDirSize=67108880", "dataLogDir=/var/lib/zookeeper/version-2",
    "dataLogSize=67108880", "tickTime=2000", "maxClientCnxns=0", "minSessionTimeout=4000", "maxSessionTimeout=40000", "clientPortListenBacklog=-1", "serverId=2",
    "initLimit=10", "syncLimit=5", "electionAlg=3", "electionPort=3888", "quorumPort=2888", "peerType=0", "membership: ",
    "server.1=zk1:2888:3888:participant", "server.2=zk2:2888:3888:participant", "server.3=zk3:2888:3888:participant", "version=0",
  ].join("\n"));
  expect(world.word(2, "dirs").text).toBe("datadir_size: 67108880\nlogdir_size: 67108880\n");
});

test("dump shows a follower's list of sessions, and on the leader when each expires", () => {
  const world = served(ALL);
  world.ask("a", create("/e", "", "ephemeral"));
  const session = /0x1[0-9a-f]{14}/;
  expect(world.word(1, "dump").text?.replaceAll(new RegExp(session, "g"), "SID").replaceAll(/:\d{5}/g, ":PORT")).toBe(
    "SessionTracker dump:\nGlobal Sessions(1):\nSID\t18000ms\nephemeral nodes dump:\nSessions with Ephemerals (1):\nSID:\n\t/e\nConnections dump:\nConnections Sets (2)/(2):\n"
    + "1 expire at Thu Jan 01 00:00:20 UTC 1970:\n\tip: /asker-1:PORT sessionId: 0x0\n1 expire at Thu Jan 01 00:00:30 UTC 1970:\n\tip: /a:PORT sessionId: SID\n");
  expect(world.word(3, "dump").text).toMatch(/^SessionTracker dump:\nSession Sets \(\d\)\/\(1\):\n(0 expire at .*:\n)*1 expire at Thu Jan 01 00:00:24 UTC 1970:\n\t0x1[0-9a-f]{14}\nephemeral nodes dump:/);
});

test("wchs, wchc and wchp count and list data watches", () => {
  const world = served(ALL);
  world.ask("a", { op: "getData", path: "/zookeeper", watch: true }, { op: "exists", path: "/none", watch: true }, { op: "getChildren", path: "/", watch: true });
  expect(world.word(1, "wchs").text).toBe("1 connections watching 2 paths\nTotal watches:2\n");
  expect(world.word(1, "wchc").text).toMatch(/^0x1[0-9a-f]{14}\n\t\/zookeeper\n\t\/none\n\n$/);
  expect(world.word(1, "wchp").text).toMatch(/^\/zookeeper\n\t0x1[0-9a-f]{14}\n\/none\n\t0x1[0-9a-f]{14}\n\n$/);
  expect(world.word(1, "mntr").text).toContain("zk_watch_count\t3\n");
});

test("without a quorum ruok, envi and isro answer, everything else says that nobody is served", () => {
  const world = served(ALL);
  world.simulation.crash("zookeeper-2");
  world.simulation.crash("zookeeper-3");
  world.run(10);
  expect(world.word(1, "ruok").text).toBe("imok");
  expect(world.word(1, "isro").text).toBe("null");
  expect(world.word(1, "envi").text).toMatch(new RegExp(`^Environment:\nzookeeper.version=${VERSION}\nhost.name=...\n`));
  for (const word of ["srvr", "stat", "mntr", "conf", "cons", "wchs", "dump", "dirs", "crst", "srst", "wchc", "wchp"]) expect(world.word(1, word).text).toBe(NOT_SERVING);
});

test("mntr prints the names of the recorded servers in their order, and what can follow from the state follows from it", () => {
  const world = served(ALL);
  world.ask("a", create("/brokers", "1234"), create("/brokers/e", "", "ephemeral"), { op: "getData", path: "/brokers", watch: true });
  world.ask("a", { op: "setData", path: "/brokers", data: "12", version: 0 });
  const recorded = JSON.parse(readFileSync(new URL("recorded-monitor-names.json", import.meta.url), "utf8")) as { readonly follower: string[]; readonly leader: string[] };
  const lines = (id: number): Map<string, string> => new Map((world.word(id, "mntr").text ?? "").trimEnd().split("\n").map(line => line.split("\t") as [string, string]));
  // What was written below which first name, and which followers there are, is not the recorded cluster's.
  const names = (all: readonly string[]): string[] => all.filter(name => !/_write_per_namespace$|_\d_learner_handler_/.test(name));
  const follower = lines(1);
  const leader = lines(3);
  expect(names([...follower.keys()])).toEqual(names(recorded.follower));
  expect(names([...leader.keys()])).toEqual(names(recorded.leader));
  expect(Object.fromEntries(follower)).toMatchObject({
    zk_version: VERSION, zk_server_state: "follower", zk_peer_state: "following - broadcast", zk_znode_count: "7", zk_ephemerals_count: "1", zk_global_sessions: "1",
    zk_num_alive_connections: "2", zk_quorum_size: "3", zk_learner_proposal_received_count: "4", zk_learner_commit_received_count: "4", zk_watch_count: "0",
    zk_cnt_brokers_write_per_namespace: "3", zk_sum_brokers_write_per_namespace: String(12 + 10 + 10), zk_cnt_node_changed_watch_count: "1", zk_cnt_updatelatency: "4",
  });
  expect(Object.fromEntries(leader)).toMatchObject({ zk_server_state: "leader", zk_synced_followers: "2", zk_learners: "2", zk_proposal_count: "4", zk_commit_count: "4" });
});

test("a server alone answers as standalone", () => {
  const world = new EnsembleWorld({ servers: 1, overrides: ALL });
  world.run(1);
  expect(world.word(1, "srvr").text).toContain("Zxid: 0x0\nMode: standalone\nNode count: 5\n");
  expect(world.word(1, "conf").text).toMatch(/serverId=0\n$/);
});
