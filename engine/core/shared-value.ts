// An immutable value that checkpoints, forks and processes share by reference (a record batch, an event).
// Nobody may change one after it was built; `digestParts` says in numbers and strings what tells it from another.
export abstract class SharedValue {
  abstract digestParts(): readonly (number | string)[];
}
