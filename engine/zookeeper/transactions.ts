// What the leader proposes and every server logs and applies: transactions that no longer depend on anything, since the leader has checked
// versions and chosen names before. Source: zookeeper.jute (module txn), TxnHeader (3.8.4). FIDELITY: ZK-TRANSACTIONS.
import { SharedValue } from "#engine/core/shared-value.ts";
import { utf8Length } from "#engine/protocol/schema.ts";
import type { ZooKeeperError } from "./zookeeper-protocol.ts";

/** `parentCversion`: creates below the parent, with this one. `paths`: the session's ephemeral znodes, which go with it. */
export type TransactionBody =
  | { readonly type: "create"; readonly path: string; readonly data: string | null; readonly ephemeral: boolean; readonly parentCversion: number }
  | { readonly type: "delete"; readonly path: string }
  | { readonly type: "setData"; readonly path: string; readonly data: string | null; readonly version: number }
  | { readonly type: "check"; readonly path: string; readonly version: number }
  /** A part that failed is an "error": then none of the others is carried out. */
  | { readonly type: "multi"; readonly parts: readonly TransactionBody[] }
  | { readonly type: "error"; readonly error: ZooKeeperError }
  /** `client`: the process that opened it, for whoever looks on. */
  | { readonly type: "createSession"; readonly timeoutMs: number; readonly client: string }
  /** `silentForUs`: of a session that has expired; null when it was closed. */
  | { readonly type: "closeSession"; readonly paths: readonly string[]; readonly silentForUs: number | null };

/** TxnHeader: session, xid, zxid, time, type. */
const HEADER_BYTES = 32;
/** One entry: world:anyone, all rights. */
const OPEN_ACL_BYTES = 27;

/** Immutable; shared by the logs of all servers. @property timeMs the leader's clock. @property xid of the client's request. */
export class Transaction extends SharedValue {
  readonly zxid: number;
  readonly sessionId: number;
  readonly xid: number;
  readonly timeMs: number;
  readonly body: TransactionBody;
  readonly sizeBytes: number;

  constructor(zxid: number, sessionId: number, xid: number, timeMs: number, body: TransactionBody) {
    super();
    this.zxid = zxid;
    this.sessionId = sessionId;
    this.xid = xid;
    this.timeMs = timeMs;
    this.body = body;
    this.sizeBytes = HEADER_BYTES + bodyBytes(body);
  }

  digestParts(): readonly (number | string)[] {
    return [this.zxid, this.sessionId, this.xid, this.timeMs, this.body.type, this.sizeBytes];
  }
}

function textBytes(text: string | null): number {
  return text === null ? 4 : 4 + utf8Length(text);
}

function bodyBytes(body: TransactionBody): number {
  switch (body.type) {
    case "create": return textBytes(body.path) + textBytes(body.data) + OPEN_ACL_BYTES + 1 + 4;
    case "delete": return textBytes(body.path);
    case "setData": return textBytes(body.path) + textBytes(body.data) + 4;
    case "check": return textBytes(body.path) + 4;
    case "multi": return body.parts.reduce((sum, part) => sum + 8 + bodyBytes(part), 4);
    case "error": case "createSession": return 4;
    case "closeSession": return body.paths.reduce((sum, path) => sum + textBytes(path), 4);
  }
}

export function transactionsBytes(transactions: readonly Transaction[]): number {
  return transactions.reduce((sum, transaction) => sum + transaction.sizeBytes, 0);
}
