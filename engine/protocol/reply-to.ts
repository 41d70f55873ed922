// Where a deferred answer goes: plain data, so that a request may wait in a purgatory and survive a checkpoint.
import type { ProcessContext } from "#engine/core/process.ts";
import { messageTag, responseSizeBytes } from "./message-size.ts";
import type { Api, ResponseMessage, ResponseOf } from "./messages.ts";

export interface ReplyTo<A extends Api = Api> { readonly connection: number; readonly correlationId: number; readonly api: A }

/** Sends the response; silently nothing when the asker's connection is gone. */
export function sendResponse<A extends Api>(process: ProcessContext, to: ReplyTo<A>, body: ResponseOf<A>): void {
  const message = { type: "response", api: to.api, correlationId: to.correlationId, body } as ResponseMessage;
  process.send(to.connection, messageTag(to.api, "response"), message, responseSizeBytes(message));
}
