// Every action of the format and who plays it.
import { cli } from "./command-lines.ts";
import { consume } from "./consuming.ts";
import { kill, pause, restart, resume, sigstop, start, stop } from "./faults.ts";
import { deleteFolder } from "./kraft-tools.ts";
import { startLoad, stopLoad } from "./load.ts";
import { file, files } from "./log-files.ts";
import { damage, enlargeDisk } from "./machines.ts";
import { cannot, needsGroups, needsTransactions } from "./not-yet.ts";
import { produce } from "./producing.ts";
import { fetchRequest, initProducerIdRequest, listOffsetsRequest, metadataRequest, offsetForLeaderEpochRequest, produceRequest } from "./raw-requests.ts";
import { startNode } from "./start-failures.ts";
import { createPartitions, createTopic, electLeaders, reassign } from "./topics.ts";
import { look, wait } from "./waiting.ts";
import { fourLetterWord, killZooKeeper, startZooKeeper, zkDelete } from "./zookeeper-ensemble.ts";
import type { ActionPlayer } from "../played-step.ts";

export const PLAYERS: ReadonlyMap<string, ActionPlayer> = new Map<string, ActionPlayer>(Object.entries({
  cli, createTopic, createPartitions, electLeaders, reassign, produce, consume,
  initProducerIdRequest, produceRequest, fetchRequest, listOffsetsRequest, offsetForLeaderEpochRequest, metadataRequest,
  findCoordinatorRequest: needsGroups, joins: needsGroups, leaves: needsGroups, close: needsGroups, consumer: needsGroups, stopPolling: needsGroups,
  goOnPolling: needsGroups, commitSync: needsGroups, sigkillConsumer: needsGroups, groupOffsets: needsGroups,
  transaction: needsTransactions, describeProducers: needsTransactions,
  load: cannot("a producer under load that counts its records"), startLoad, stopLoad,
  start, kill, stop, restart, pause, resume, sigstop, sigcont: resume,
  startNode,
  killZooKeeper, startZooKeeper, fourLetterWord, zkDelete,
  deleteFolder, damage, enlargeDisk,
  background: cannot("tools in processes of their own"), endBackground: cannot("tools in processes of their own"),
  file, files, look, wait,
}));

/** Actions after which chance may fall in many ways; each is tried several times before a difference counts. */
export const CHANCE: ReadonlySet<string> = new Set([
  "kill", "stop", "start", "restart", "pause", "resume", "sigstop", "sigcont", "wait", "look", "killZooKeeper", "startZooKeeper", "zkDelete", "produce",
  "electLeaders", "reassign",
]);
