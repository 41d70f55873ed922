// What a cell hands to the cluster goes to the page as a message: plain data within limits. Said here, at the line that made the
// call, in words for the learner; the page checks it again and ends a kernel that sends anything else.
import { CellArgumentError } from '../cell-problem.ts';
import { CELL_LIMITS } from '../cell-protocol.ts';
import type { Operation } from '../cell-protocol.ts';
import { KernelMessageError, readOperation } from '../check-message.ts';

const NESTING_MAX = 30;

interface Budget {
  characters: number;
  nodes: number;
}

/** Throws CellArgumentError for what the page would not take. */
export function checkOperation(operation: Operation): void {
  check(operation, '', { characters: CELL_LIMITS.commandBytesMax, nodes: CELL_LIMITS.messageNodesMax / 4 }, 0);
  try {
    readOperation({ ...operation });
  } catch (error) {
    if (!(error instanceof KernelMessageError)) throw error;
    throw new CellArgumentError({
      what: `${error.where} is not what this call takes`, expected: error.expected, found: 'something else', cure: 'Look at the arguments of the call.',
    });
  }
}

function check(value: unknown, path: string, budget: Budget, depth: number): void {
  budget.nodes -= 1;
  if (typeof value === 'string') budget.characters -= value.length;
  if (budget.nodes < 0 || budget.characters < 0) throw tooMuch();
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (typeof value !== 'object' || depth > NESTING_MAX) throw notPlain(value, path);
  if (Array.isArray(value)) {
    // By index: what a list is said to iterate over may be something else.
    for (let index = 0; index < value.length; index += 1) check(value[index], `${path}[${index}]`, budget, depth + 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw notPlain(value, path);
  for (const [key, inner] of Object.entries(value)) {
    budget.characters -= key.length;
    check(inner, path === '' ? key : `${path}.${key}`, budget, depth + 1);
  }
}

function notPlain(value: unknown, path: string): CellArgumentError {
  return new CellArgumentError({
    what: `${path === '' ? 'an argument' : path} cannot be given to the cluster`, expected: 'text, a finite number, true, false, null, or lists and objects of these', found: nameOf(value),
    cure: 'Look at where the value comes from, for example with display(…).',
  });
}

function tooMuch(): CellArgumentError {
  return new CellArgumentError({
    what: 'this call hands too much to the cluster', expected: `at most ${CELL_LIMITS.commandBytesMax} characters`, found: 'more', cure: 'Send fewer or shorter messages.',
  });
}

function nameOf(value: unknown): string {
  switch (typeof value) {
    case 'function': return 'a function';
    case 'bigint': return `${value}n`;
    case 'object': return 'an object of a class, or one that is too deep';
    default: return String(value);
  }
}
