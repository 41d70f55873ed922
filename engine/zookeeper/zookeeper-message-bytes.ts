// How many bytes a message between a client and a ZooKeeper server takes: lengths, headers and records as jute writes them.
// Source: zookeeper.jute, ClientCnxn.Packet.createBB (3.8.4). FIDELITY: ZK-PROTOCOL.
import { utf8Length } from "#engine/protocol/schema.ts";
import type { ZooKeeperAnswer, ZooKeeperOperation, ZooKeeperRequest, ZooKeeperResponse, ZooKeeperWrite } from "./zookeeper-protocol.ts";

/** Length of the frame, then xid and type. */
const REQUEST_HEADER_BYTES = 4 + 8;
/** Length of the frame, then xid, zxid and error. */
const REPLY_HEADER_BYTES = 4 + 16;
const STAT_BYTES = 68;
/** One entry, world:anyone, all rights: what Kafka without zookeeper.set.acl writes. */
const OPEN_ACL_BYTES = 4 + 4 + (4 + 5) + (4 + 6);
/** MultiHeader: type, done, error. */
const MULTI_HEADER_BYTES = 9;

function textBytes(text: string | null): number {
  return text === null ? 4 : 4 + utf8Length(text);
}

function writeBytes(write: ZooKeeperWrite): number {
  switch (write.op) {
    case "create": return textBytes(write.path) + textBytes(write.data) + OPEN_ACL_BYTES + 4;
    case "setData": return textBytes(write.path) + textBytes(write.data) + 4;
    case "delete": case "check": return textBytes(write.path) + 4;
  }
}

function operationBytes(operation: ZooKeeperOperation): number {
  switch (operation.op) {
    case "exists": case "getData": case "getChildren": return textBytes(operation.path) + 1;
    case "sync": return textBytes(operation.path);
    case "multi": return operation.operations.reduce((sum, write) => sum + MULTI_HEADER_BYTES + writeBytes(write), MULTI_HEADER_BYTES);
    default: return writeBytes(operation);
  }
}

function pathsBytes(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + textBytes(path), 4);
}

/** Bytes of a request on the wire. */
export function zooKeeperRequestBytes(request: ZooKeeperRequest): number {
  switch (request.type) {
    case "connect": return 4 + 4 + 8 + 4 + 8 + (4 + 16) + 1;
    case "operation": return REQUEST_HEADER_BYTES + operationBytes(request.operation);
    case "ping": case "closeSession": return REQUEST_HEADER_BYTES;
    case "setWatches": return REQUEST_HEADER_BYTES + 8 + pathsBytes(request.dataWatches) + pathsBytes(request.existWatches) + pathsBytes(request.childWatches);
    case "fourLetterWord": return 4;
  }
}

function answerBytes(answer: ZooKeeperAnswer): number {
  let bytes = 0;
  if (answer.path !== undefined) bytes += textBytes(answer.path);
  if (answer.data !== undefined) bytes += textBytes(answer.data);
  if (answer.children !== undefined) bytes += pathsBytes(answer.children);
  if (answer.stat !== undefined) bytes += STAT_BYTES;
  if (answer.results !== undefined) {
    bytes += answer.results.reduce((sum, result) => sum + MULTI_HEADER_BYTES + (result.error === "OK" ? answerBytes(result) : 4), MULTI_HEADER_BYTES);
  }
  return bytes;
}

/** Bytes of a response on the wire. */
export function zooKeeperResponseBytes(response: ZooKeeperResponse): number {
  switch (response.type) {
    case "connected": return 4 + 4 + 4 + 8 + (4 + 16) + 1;
    case "answer": return REPLY_HEADER_BYTES + answerBytes(response.answer);
    case "pong": return REPLY_HEADER_BYTES;
    case "watchEvent": return REPLY_HEADER_BYTES + 8 + textBytes(response.path);
    case "fourLetterAnswer": return utf8Length(response.text);
  }
}

/** What a message is called in the trace and by fault filters: "zookeeper getData request". */
export function zooKeeperRequestTag(request: ZooKeeperRequest): string {
  return request.type === "operation" ? OPERATION_TAGS[request.operation.op] : REQUEST_TAGS[request.type];
}

const OPERATION_TAGS = {
  create: "zookeeper create", delete: "zookeeper delete", setData: "zookeeper setData", exists: "zookeeper exists",
  getData: "zookeeper getData", getChildren: "zookeeper getChildren", sync: "zookeeper sync", multi: "zookeeper multi",
} as const;

const REQUEST_TAGS = {
  connect: "zookeeper connect", ping: "zookeeper ping", closeSession: "zookeeper closeSession", setWatches: "zookeeper setWatches",
  fourLetterWord: "zookeeper four-letter word",
} as const;

export const RESPONSE_TAGS = {
  connected: "zookeeper connected", answer: "zookeeper answer", pong: "zookeeper pong", watchEvent: "zookeeper watch event",
  fourLetterAnswer: "zookeeper four-letter answer",
} as const;
