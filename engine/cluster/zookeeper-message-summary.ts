// What a message between a client and a ZooKeeper server, or between two servers of the ensemble, is about; and whether it is routine traffic.
import type { MessageSummary } from "./view.ts";
import type { QuorumMessage } from "#engine/zookeeper/quorum-messages.ts";
import type { Transaction, TransactionBody } from "#engine/zookeeper/transactions.ts";
import type { ZooKeeperAnswer, ZooKeeperOperation, ZooKeeperRequest, ZooKeeperResponse, ZooKeeperWrite } from "#engine/zookeeper/zookeeper-protocol.ts";

export type ZooKeeperMessage = ZooKeeperRequest | ZooKeeperResponse | QuorumMessage;

/** Messages of ZooKeeper are tagged so by whoever sends them. */
export function isZooKeeperTag(tag: string): boolean {
  return tag.startsWith("zookeeper ");
}

/** Pings, and what an ensemble says to agree on a transaction: that it is agreed on is told as a fact. */
export function isRoutineOfZooKeeper(message: ZooKeeperMessage): boolean {
  switch (message.type) {
    case "ping": case "pong": case "pingAnswer": case "electionHello": case "ack": case "commit": case "proposal": case "request": case "sync":
    case "synced": case "revalidate": case "revalidated":
      return true;
    default: return false;
  }
}

/** xid of an operation and of its answer; 0 for what has none. */
export function xidOf(message: ZooKeeperMessage): number {
  return "xid" in message ? message.xid : 0;
}

export function summariseZooKeeper(message: ZooKeeperMessage): MessageSummary {
  return { about: "other", errors: message.type === "answer" ? errorsOf(message.answer) : [], text: textOf(message) };
}

function errorsOf(answer: ZooKeeperAnswer): string[] {
  return answer.error === "OK" ? [] : [answer.error];
}

function textOf(message: ZooKeeperMessage): string {
  switch (message.type) {
    case "connect": return message.sessionId === 0 ? "a new session, please" : "goes on with its session";
    case "connected": return message.sessionId === 0 ? "the session has expired" : `a session of ${message.timeoutMs} ms`;
    case "operation": return operationText(message.operation);
    case "answer": return message.answer.path ?? message.answer.error;
    case "watchEvent": return `${message.event} ${message.path}`;
    case "closeSession": return "ends its session";
    case "setWatches": return "sets its watches again";
    case "fourLetterWord": return message.word;
    case "fourLetterAnswer": return message.text.split("\n", 1)[0] ?? "";
    case "notification": return `server ${message.from} votes for server ${message.vote.leader} in round ${message.electionEpoch}`;
    case "proposal": return transactionText(message.transaction);
    case "followerInfo": return `server ${message.serverId} has accepted epoch ${message.acceptedEpoch}`;
    case "leaderInfo": case "newLeader": return `epoch ${message.epoch}`;
    case "diff": return `${message.transactions.length} transactions that are missing`;
    case "trunc": return "cuts off what was never committed";
    case "snap": return "the whole tree";
    default: return "";
  }
}

function operationText(operation: ZooKeeperOperation): string {
  if (operation.op === "multi") return operation.operations.map(writeText).join(", ");
  return `${operation.op} ${operation.path}`;
}

function writeText(write: ZooKeeperWrite): string {
  return `${write.op} ${write.path}`;
}

function transactionText({ body }: Transaction): string {
  return bodyText(body);
}

function bodyText(body: TransactionBody): string {
  switch (body.type) {
    case "create": case "delete": case "setData": return `${body.type} ${body.path}`;
    case "multi": return body.parts.map(bodyText).join(", ");
    default: return body.type;
  }
}
