// Bytes of a message on the wire: length prefix, header (request v2, response v1), body by its table. FIDELITY: PROTO-SIZE.
import { type Api, MESSAGES, type RequestMessage, type ResponseMessage } from "./messages.ts";
import { type Sizer, sizerOf, utf8Length } from "./schema.ts";

/** Length 4, api key 2, version 2, correlation id 4, client id length 2, tagged fields 1. */
const REQUEST_HEADER_BYTES = 15;
/** Length 4, correlation id 4, tagged fields 1. */
const RESPONSE_HEADER_BYTES = 9;

export function requestSizeBytes(message: RequestMessage): number {
  return REQUEST_HEADER_BYTES + utf8Length(message.clientId) + SIZERS[message.api].request(message.body);
}

export function responseSizeBytes(message: ResponseMessage): number {
  return RESPONSE_HEADER_BYTES + SIZERS[message.api].response(message.body);
}

/** Names the message for traces and fault filters: "Produce request". */
export function messageTag(api: Api, type: "request" | "response"): string {
  return type === "request" ? REQUEST_TAGS[api] : RESPONSE_TAGS[api];
}

const APIS = Object.keys(MESSAGES) as Api[];
const REQUEST_TAGS = Object.fromEntries(APIS.map(api => [api, `${api} request`])) as Record<Api, string>;
const RESPONSE_TAGS = Object.fromEntries(APIS.map(api => [api, `${api} response`])) as Record<Api, string>;
const SIZERS = Object.fromEntries(APIS.map(api => [
  api, { request: sizerOf(MESSAGES[api].request), response: sizerOf(MESSAGES[api].response) },
])) as Record<Api, { readonly request: Sizer; readonly response: Sizer }>;
