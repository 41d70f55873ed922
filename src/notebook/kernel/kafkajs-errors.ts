// Errors of calls, with the names and fields that KafkaJS gives them (src/errors.js of KafkaJS 2.2): code that catches them
// here catches them in an application.
import { CellArgumentError } from '../cell-problem.ts';
import type { CallFailure } from '../cell-protocol.ts';

export class KafkaJSError extends Error {
  override readonly name: string = 'KafkaJSError';
  readonly retriable: boolean;

  constructor(message: string, { retriable = true }: { readonly retriable?: boolean } = {}) {
    super(message);
    this.retriable = retriable;
  }
}

export class KafkaJSNonRetriableError extends KafkaJSError {
  override readonly name: string = 'KafkaJSNonRetriableError';

  constructor(message: string) {
    super(message, { retriable: false });
  }
}

/** A broker answered with an error; `type` is its name in Kafka. */
export class KafkaJSProtocolError extends KafkaJSError {
  override readonly name: string = 'KafkaJSProtocolError';
  readonly type: string;

  constructor(type: string, message: string, retriable: boolean) {
    super(message, { retriable });
    this.type = type;
  }
}

export class KafkaJSRequestTimeoutError extends KafkaJSError {
  override readonly name: string = 'KafkaJSRequestTimeoutError';
}

export function errorOfCall({ name, message, retriable, argument }: CallFailure): Error {
  if (argument !== undefined) return new CellArgumentError({ what: message, ...argument });
  if (/^[A-Z][A-Z0-9_]+$/.test(name)) return new KafkaJSProtocolError(name, message === '' ? name : message, retriable);
  if (/Timeout$/.test(name)) return new KafkaJSRequestTimeoutError(message === '' ? name : message, { retriable });
  return retriable ? new KafkaJSError(message === '' ? name : `${name}: ${message}`) : new KafkaJSNonRetriableError(message === '' ? name : `${name}: ${message}`);
}
