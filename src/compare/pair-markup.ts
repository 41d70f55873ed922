/** What stands still around two stages: their names, the switch between them, the buttons of their clock; and the table under them. Pure. */
import type { ClusterSpec } from '#engine/cluster/spec.ts';
import { SPEEDS } from '#src/session/session-listener.ts';
import { escapeMarkup, profileText } from '#src/stage/shown-text.ts';
import type { Difference } from './what-differs.ts';

export const LETTERS = ['A', 'B'] as const;

/** "ZooKeeper" against "KRaft"; where both have the same, the version is the name. */
export function sideNames([a, b]: readonly [ClusterSpec, ClusterSpec]): readonly [string, string] {
  const mode = (spec: ClusterSpec): string => (spec.mode === 'kraft' ? 'KRaft' : 'ZooKeeper');
  return a.mode === b.mode ? [profileText(a), profileText(b)] : [mode(a), mode(b)];
}

/** What keeps the metadata, in a few words. */
export function sideFacts(spec: ClusterSpec): string {
  const brokers = spec.nodes.filter((node) => node.roles?.includes('broker') ?? true).length;
  const controllers = spec.nodes.filter((node) => node.roles?.includes('broker') === false).length;
  const keeper = spec.zookeeper !== undefined ? `ensemble of ${spec.zookeeper.length}` : controllers > 0 ? `${controllers} controllers` : `${brokers} combined nodes`;
  return `${profileText(spec)} · ${keeper}`;
}

export function pairMarkup(specs: readonly [ClusterSpec, ClusterSpec], button: string): string {
  const names = sideNames(specs);
  const sides = LETTERS.map((letter, side) =>
    `<section class="side" data-side="${side}" aria-label="${letter}, ${escapeMarkup(names[side] ?? '')}"><h3><span class="side-letter">${letter}</span> ${escapeMarkup(names[side] ?? '')} <small>${escapeMarkup(sideFacts(specs[side] ?? specs[0]))}</small></h3>`
    + '<div data-mount="stage"></div><p class="told" role="status"></p><ol class="why-chain" hidden></ol></section>').join('');
  const choices = LETTERS.map((letter, side) => `<button type="button" data-show="${side}" aria-pressed="${side === 0}">${letter} ${escapeMarkup(names[side] ?? '')}</button>`).join('');
  const speeds = SPEEDS.map((speed) => `<button type="button" data-speed="${speed}" aria-pressed="${speed === 1}">${speed}×</button>`).join('');
  return `<div class="seg pair-switch" role="group" aria-label="Which cluster is shown">${choices}</div><div class="pair" data-shown="0">${sides}</div>`
    + '<p class="pair-note" role="alert" hidden></p><div class="pair-time"><div data-mount="timeline"></div><div class="transport" role="group" aria-label="Time of both">'
    + `<button type="button" data-do="back">Back</button><button type="button" class="primary" data-do="toggle"></button><button type="button" data-do="on">Next event</button><div class="seg" role="group" aria-label="Speed">${speeds}</div>`
    + `<div class="files"><button type="button" class="primary" data-do="steps">${escapeMarkup(button)} in both</button><button type="button" data-do="difference" disabled>First difference</button><button type="button" data-do="over">Start over</button></div></div></div>`
    + '<div class="differs" role="region" aria-label="What differs" tabindex="0"></div><details class="pair-diagrams"><summary>What happened, message by message</summary><div class="pair-sequences"></div></details>';
}

export function tableMarkup(rows: readonly Difference[], names: readonly [string, string], untilText: string): string {
  const body = rows.map(({ name, values, why }) => {
    const isSame = values[0] === values[1];
    return `<tr${isSame ? ' class="same"' : ''}><th scope="row">${escapeMarkup(name)}</th>${values.map((value, side) =>
      `<td data-name="${LETTERS[side] ?? ''}">${escapeMarkup(value)}</td>`).join('')}<td class="reason">${isSame ? 'the same' : escapeMarkup(why ?? '')}</td></tr>`;
  }).join('');
  return `<table><caption>What differs, up to ${escapeMarkup(untilText)}</caption><thead><tr><td></td>${names.map((name, side) => `<th scope="col">${LETTERS[side] ?? ''} ${escapeMarkup(name)}</th>`).join('')}<th scope="col">why</th></tr></thead><tbody>${body}</tbody></table>`;
}
