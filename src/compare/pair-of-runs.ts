/**
 * Two runs with one clock: the shown instant of both is that of the slower one, and what is done to one is done to the other at the same
 * instant. Each has an engine session of its own; nothing of one can reach the other.
 */
import type { Command } from '#engine/cluster/commands.ts';
import type { ViewFact } from '#engine/cluster/view.ts';
import type { RunFile } from '#engine/host/api.ts';
import type { LiveSession } from '#src/session/live-session.ts';
import { problemOf } from '#src/session/problem-of.ts';
import type { Speed } from '#src/session/session-listener.ts';

export type Side = 0 | 1;
export const SIDES = [0, 1] as const;

const SEARCH_STEP_US = 1_000_000;
const SEARCH_US_MAX = 60_000_000;

export class PairOfRuns {
  readonly sides: readonly [LiveSession, LiveSession];
  #isBusy = false;
  /** Openings and seeks that have not come to their end on both sides. */
  #underWay = 0;

  constructor(sides: readonly [LiveSession, LiveSession]) {
    this.sides = sides;
  }

  async open(runs: readonly [RunFile, RunFile]): Promise<void> {
    const until = Math.max(runs[0].until, runs[1].until);
    // Until both are there, none waits for the other: the one that is not open yet stands at zero.
    this.#underWay += 1;
    try {
      await Promise.all(SIDES.map((side) => this.sides[side].open({ ...runs[side], until })));
    } finally {
      this.#underWay -= 1;
    }
  }

  get shownUs(): number {
    return Math.min(this.sides[0].shownUs, this.sides[1].shownUs);
  }

  get isPlaying(): boolean {
    return this.sides[0].isPlaying;
  }

  get isMoving(): boolean {
    return this.sides.some((it) => it.isMoving);
  }

  get speed(): Speed {
    return this.sides[0].speed;
  }

  /** True while moments are being looked for: what the clocks show meanwhile is not meant to be seen. */
  get isBusy(): boolean {
    return this.#isBusy || this.#underWay > 0;
  }

  play(): void {
    for (const session of this.sides) session.play();
  }

  pause(): void {
    for (const session of this.sides) session.pause();
    this.#meet();
  }

  toggle(): void {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  setSpeed(speed: Speed): void {
    for (const session of this.sides) session.setSpeed(speed);
  }

  frame(nowMs: number): void {
    for (const session of this.sides) session.frame(nowMs);
    this.#meet();
  }

  async seek(us: number): Promise<void> {
    this.#underWay += 1;
    try {
      await Promise.all(this.sides.map((session) => session.seek(us)));
    } finally {
      this.#underWay -= 1;
    }
    this.#meet();
  }

  /** To the same instant of both; `first` is the side that was meant. Returns why the other one could not do the same, in words; null when it did. */
  async give(first: Side, make: (call: number) => Command): Promise<string | null> {
    this.#meet();
    await this.sides[first].call(make);
    try {
      await this.sides[first === 0 ? 1 : 0].call(make);
      return null;
    } catch (reason) {
      return problemOf(reason).what;
    } finally {
      this.#meet();
    }
  }

  /** Stops both at the next moment in either of them with a fact that is accepted. */
  async stepForward(accepts: (fact: ViewFact) => boolean): Promise<void> {
    this.pause();
    const from = this.shownUs;
    this.#isBusy = true;
    try {
      for (let horizon = from + SEARCH_STEP_US; horizon <= from + SEARCH_US_MAX; horizon += SEARCH_STEP_US) {
        await this.seek(horizon);
        const next = Math.min(...this.sides.map((session) => session.facts.momentAfter(from, accepts) ?? Number.POSITIVE_INFINITY));
        if (next <= horizon) return await this.seek(next);
      }
    } finally {
      this.#isBusy = false;
    }
  }

  async stepBack(accepts: (fact: ViewFact) => boolean): Promise<void> {
    this.pause();
    const from = this.shownUs;
    await this.seek(Math.max(0, ...this.sides.map((session) => session.facts.momentBefore(from, accepts) ?? 0)));
  }

  /** Nobody waits for the other by himself: who is ahead goes back. What both have simulated stays. */
  #meet(): void {
    if (this.#underWay > 0) return;
    const us = this.shownUs;
    for (const session of this.sides) if (session.shownUs > us) void session.seek(us);
  }
}
