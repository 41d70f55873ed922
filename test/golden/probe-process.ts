// A process that sends single raw requests without a client's retries, as the recorder did: one connection for each, closed after the answer.
// It is the observer too: what a broker answers is asked from that broker, over the simulated network.
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import type { Simulation } from "#engine/core/simulation.ts";
import { messageTag, requestSizeBytes } from "#engine/protocol/message-size.ts";
import type { Api, RequestMessage, ResponseMessage } from "#engine/protocol/messages.ts";

export const PROBE = "golden-probe";

/** @property call number of the answer. @property answers false: the broker says nothing (acks=0), so only the connection is watched. */
export interface ProbeInput {
  readonly call: number;
  readonly host: string;
  readonly port: number;
  readonly api: Api;
  readonly body: unknown;
  readonly clientId: string;
  readonly timeoutUs: number;
  readonly answers: boolean;
}

export type ProbeAnswer =
  | { readonly is: "answer"; readonly body: unknown }
  | { readonly is: "closed" }
  | { readonly is: "silence" };

export interface ProbeOutcome { readonly call: number; readonly probe: ProbeAnswer }

interface ProbeState { readonly open: Map<number, ProbeInput>; nextCorrelation: number }

export const probeKind: ProcessKind = {
  kind: PROBE,
  start: (): ProbeState => ({ open: new Map(), nextCorrelation: 1 }),
  onInput(process, state, input): void {
    const request = input as ProbeInput;
    const connection = process.connect(request.host, request.port);
    (state as ProbeState).open.set(connection, request);
    process.schedule(request.timeoutUs, "silence", connection);
  },
  onConnected(process, state, connection): void {
    const probe = state as ProbeState;
    const request = probe.open.get(connection);
    if (request === undefined) return;
    probe.nextCorrelation += 1;
    const message = { type: "request", api: request.api, correlationId: probe.nextCorrelation, clientId: request.clientId, body: request.body } as RequestMessage;
    process.send(connection, messageTag(request.api, "request"), message, requestSizeBytes(message));
  },
  onMessage(process, state, connection, message): void {
    finish(process, state as ProbeState, connection, { is: "answer", body: (message as ResponseMessage).body });
    if (process.isOpen(connection)) process.close(connection, "answered");
  },
  onClosed: (process, state, connection): void => finish(process, state as ProbeState, connection, { is: "closed" }),
  onTimer(process, state, _name, payload): void {
    const connection = payload as number;
    if (!(state as ProbeState).open.has(connection)) return;
    finish(process, state as ProbeState, connection, { is: "silence" });
    if (process.isOpen(connection)) process.close(connection, "no answer");
  },
  onAccepted(): void {},
};

function finish(process: ProcessContext, state: ProbeState, connection: number, probe: ProbeAnswer): void {
  const request = state.open.get(connection);
  if (request === undefined) return;
  state.open.delete(connection);
  process.outcome({ call: request.call, probe } satisfies ProbeOutcome);
}

export function addProbe(simulation: Simulation): void {
  simulation.addProcess(PROBE, PROBE, PROBE, [], null);
  simulation.start(PROBE);
}
