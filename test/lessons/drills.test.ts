/**
 * The three-sided gate of every drill, on twenty seeds: the solution meets every goal; doing nothing does not; each trap fails on the goal that
 * it names. And no goal is idle: without it, some trap would pass.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Drill } from '#engine/grading/define-drill.ts';
import { grade } from '#engine/grading/grade.ts';
import type { Verdict } from '#engine/grading/grade.ts';
import { doNothing, playPlan } from '#engine/grading/play-plan.ts';
import type { DrillPlan } from '#engine/grading/play-plan.ts';
import { ROOT, lessonsOfCourse } from './lesson-files.ts';

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
/** A learner who watches for a minute and hands in. */
const IDLE_MS = 60_000;
const TRAPS_MIN = 3;
const TIMEOUT_MS = 240_000;

interface DrillFolder { readonly name: string; readonly drill: Drill; readonly solution: DrillPlan; readonly traps: readonly DrillPlan[] }

async function load<Exported>(path: string): Promise<Exported> {
  const module: { default: Exported } = await import(path);
  return module.default;
}

async function drillFolders(): Promise<readonly DrillFolder[]> {
  const files = lessonsOfCourse().flatMap((lesson) =>
    lesson.blocks.flatMap((block) => (block.kind === 'drill' ? [join(ROOT, lesson.file.replace(/index\.md$/, block.file))] : [])));
  return Promise.all(files.map(async (file) => {
    const folder = file.replace(/\/[^/]+$/, '');
    const traps = existsSync(join(folder, 'traps')) ? readdirSync(join(folder, 'traps')).filter((name) => name.endsWith('.ts')).sort() : [];
    const drill = await load<Drill>(file);
    return {
      name: drill.id,
      drill,
      solution: await load<DrillPlan>(join(folder, 'solution.ts')),
      traps: await Promise.all(traps.map((name) => load<DrillPlan>(join(folder, 'traps', name)))),
    };
  }));
}

function gradePlan(drill: Drill, plan: DrillPlan, seed: number): Verdict {
  return grade(drill, playPlan(drill, plan, seed));
}

/** "foreseen: leader: predicted 3, it is 2" for each goal that is not met. */
function failures(verdict: Verdict): readonly string[] {
  return verdict.goals.filter((goal) => goal.state !== 'met').map((goal) => `${goal.goal}: ${goal.detail}`);
}

const folders = await drillFolders();

it('there is a drill to be gated', () => {
  expect(folders.map((folder) => folder.name)).toContain('who-leads-now');
});

describe.each(folders)('drill $name', ({ drill, solution, traps }) => {
  it('its solution meets every goal on twenty seeds', { timeout: TIMEOUT_MS }, () => {
    for (const seed of SEEDS) expect({ seed, failures: failures(gradePlan(drill, solution, seed)) }).toEqual({ seed, failures: [] });
  });

  it('doing nothing does not pass on any of twenty seeds', { timeout: TIMEOUT_MS }, () => {
    for (const seed of SEEDS) expect({ seed, passed: grade(drill, doNothing(drill, seed, IDLE_MS)).passed }).toEqual({ seed, passed: false });
  });

  it('has three traps at least, each of which names a goal', () => {
    expect(traps.length).toBeGreaterThanOrEqual(TRAPS_MIN);
    const goals = drill.goals.map((goal) => goal.id);
    for (const trap of traps) expect(goals).toContain(trap.breaks);
  });

  it('each trap fails on the goal it names, on twenty seeds', { timeout: TIMEOUT_MS }, () => {
    for (const trap of traps) {
      for (const seed of SEEDS) {
        const broken = gradePlan(drill, trap, seed).goals.filter((goal) => goal.state !== 'met').map((goal) => goal.goal);
        expect({ trap: trap.name, seed, broken }).toEqual({ trap: trap.name, seed, broken: expect.arrayContaining([trap.breaks]) });
      }
    }
  });

  it('no goal is idle: without it, some trap would pass', { timeout: TIMEOUT_MS }, () => {
    const verdicts = traps.map((trap) => ({ trap, goals: gradePlan(drill, trap, 1).goals }));
    for (const { id } of drill.goals) {
      const passing = verdicts.filter(({ goals }) => goals.every((goal) => goal.goal === id || goal.state === 'met')).map(({ trap }) => trap.name);
      expect({ without: id, passing: passing.length > 0 }).toEqual({ without: id, passing: true });
    }
  });

  it('says of a broken goal when it broke', () => {
    for (const trap of traps) {
      const goal = gradePlan(drill, trap, 1).goals.find((it) => it.goal === trap.breaks);
      expect(goal?.detail).not.toBe('');
    }
  });

  it('gives the same verdict when the same run is graded again', () => {
    const run = playPlan(drill, solution, 3);
    expect(grade(drill, run)).toEqual(grade(drill, run));
  });
});
