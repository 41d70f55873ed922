import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROGRESS_KEY, ProgressStore, readProgress } from '#src/progress/progress-store.ts';
import type { Memory } from '#src/progress/progress-store.ts';

function memory(text: string | null = null): Memory & { readonly text: () => string | null } {
  let kept = text;
  return { getItem: (key) => (key === PROGRESS_KEY ? kept : null), setItem: (_, value) => { kept = value; }, text: () => kept };
}

describe('progress', () => {
  it('is there again after the page was closed', () => {
    const kept = memory();
    const store = new ProgressStore(kept);
    store.lessonDone('the-post-office/one-clerk');
    store.cellRun('the-post-office/one-clerk', 'first');
    store.said('the-post-office/one-clerk', 'power', 'none');
    store.drillGraded('who-leads-now', { passed: true, held: 20, seeds: 20 });
    expect(new ProgressStore(kept).progress).toEqual({
      lessons: ['the-post-office/one-clerk'],
      cells: ['the-post-office/one-clerk#first'],
      predictions: { 'the-post-office/one-clerk#power': 'none' },
      drills: { 'who-leads-now': { passed: true, held: 20, seeds: 20 } },
    });
  });

  it('counts each lesson and cell once', () => {
    const store = new ProgressStore(memory());
    store.lessonDone('a/b');
    store.lessonDone('a/b');
    expect(store.progress.lessons).toEqual(['a/b']);
  });

  it('keeps a passed drill passed', () => {
    const store = new ProgressStore(memory());
    store.drillGraded('d', { passed: false, held: 12, seeds: 20 });
    store.drillGraded('d', { passed: true, held: 20, seeds: 20 });
    store.drillGraded('d', { passed: false, held: 19, seeds: 20 });
    expect(store.progress.drills['d']).toEqual({ passed: true, held: 20, seeds: 20 });
  });

  it('begins anew when another shape was kept', () => {
    expect(readProgress('{"shape":2,"lessons":["a/b"]}').lessons).toEqual([]);
  });

  it('keeps what is ours of a record that somebody has changed', () => {
    const text = '{"shape":1,"lessons":["a/b",7,null],"drills":{"d":{"passed":"yes"},"e":{"passed":true,"held":1,"seeds":2}}}';
    expect(readProgress(text)).toEqual({ lessons: ['a/b'], cells: [], predictions: {}, drills: { e: { passed: true, held: 1, seeds: 2 } } });
  });

  it('no text at all makes it fail', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => { expect(readProgress(text).lessons).toEqual([]); }));
  });

  it('goes on without a memory when storage is closed', () => {
    const closed: Memory = {
      getItem: () => { throw new DOMException('closed', 'SecurityError'); },
      setItem: () => { throw new DOMException('full', 'QuotaExceededError'); },
    };
    const store = new ProgressStore(closed);
    store.lessonDone('a/b');
    expect(store.progress.lessons).toEqual(['a/b']);
  });
});
