/**
 * The marks that mean one thing each, as SVG source: plate (who), postmark (leads, with its epoch), carbon (follows), envelope (in flight).
 * Number, plate shape and hatch carry a broker's identity; colour only helps.
 */
import { escapeMarkup } from './shown-text.ts';

/** Brokers from 8 on repeat the cycle with an outlined plate. */
export const BROKER_CYCLE = 7;

export function brokerStyle(broker: number): number {
  return ((broker - 1) % BROKER_CYCLE) + 1;
}

const round = (value: number): number => Math.round(value * 10) / 10;

const PLATES: readonly (readonly Readonly<[number, number]>[])[] = [
  [[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]],
  [[-1.08, 0], [-0.54, -0.94], [0.54, -0.94], [1.08, 0], [0.54, 0.94], [-0.54, 0.94]],
  [[0, -1.18], [1.18, 0], [0, 1.18], [-1.18, 0]],
  [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.25], [0, 1.1], [-0.9, 0.25]],
  [[-0.4, -0.98], [0.4, -0.98], [0.98, -0.4], [0.98, 0.4], [0.4, 0.98], [-0.4, 0.98], [-0.98, 0.4], [-0.98, -0.4]],
  [[0, -1.1], [0.9, -0.3], [0.9, 0.9], [-0.9, 0.9], [-0.9, -0.3]],
  [[-0.55, -0.88], [1.15, -0.88], [0.55, 0.88], [-1.15, 0.88]],
];

export type PlateMode = 'full' | 'gone' | 'outline';

export function plate(broker: number, at: { x: number; y: number; r: number }, mode: PlateMode = 'full'): string {
  const { x, y, r } = at;
  const corners = PLATES[brokerStyle(broker) - 1] ?? [];
  const outline = corners.map(([dx, dy]) => `${round(x + dx * r)} ${round(y + dy * r)}`).join('L');
  const size = broker > 9 ? r * 0.92 : brokerStyle(broker) === 3 ? r * 1.02 : r * 1.12;
  const shown = mode === 'full' && broker > BROKER_CYCLE ? 'outline' : mode;
  return `<g class="badge b${brokerStyle(broker)} ${shown}"><path d="M${outline}Z" class="plate"/>`
    + `<text x="${round(x)}" y="${round(y + size * 0.36)}" class="plate-n" style="font-size:${round(size)}px">${broker}</text></g>`;
}

/** A controller that is no broker: a card in ink, no hue, no hatch. */
export function controllerCard(node: number, at: { x: number; y: number; r: number }, mode: 'full' | 'gone' = 'full'): string {
  const { x, y, r } = at;
  return `<g class="badge b0 ${mode}"><rect x="${round(x - r * 1.25)}" y="${round(y - r * 0.78)}" width="${round(r * 2.5)}" height="${round(r * 1.56)}" class="plate"/>`
    + `<text x="${round(x)}" y="${round(y + r * 0.34)}" class="plate-n" style="font-size:${round(r * 0.95)}px">${node}</text></g>`;
}

/** The double ring. `broker` 0: the metadata quorum, in ink. `part` names its number, so that it can be written. */
export function postmark(broker: number, at: { x: number; y: number; r: number }, part = ''): string {
  const { x, y, r } = at;
  const style = broker === 0 ? 0 : brokerStyle(broker);
  return `<g class="postmark b${style}"><circle cx="${round(x)}" cy="${round(y)}" r="${r}"/><circle cx="${round(x)}" cy="${round(y)}" r="${r - 3}" class="in"/>`
    + `<text x="${round(x)}" y="${round(y + r * 0.36)}" class="pm-n" style="font-size:${round(r * 0.98)}px" data-part="${part}"></text></g>`;
}

/** Two sheets; the line strikes them out. */
export function carbon(x: number, y: number): string {
  return `<rect x="${round(x - 8)}" y="${round(y - 8)}" width="13" height="11"/><rect x="${round(x - 5)}" y="${round(y - 5)}" width="13" height="11"/>`
    + `<line x1="${round(x - 11)}" y1="${round(y + 9)}" x2="${round(x + 11)}" y2="${round(y - 10)}" class="cb-x"/>`;
}

/** Centred on 0, 0. */
export function envelope(label: string, kind: 'letter' | 'copy'): string {
  const width = 34 + Math.max(0, label.length - 4) * 5;
  return `<g class="env${kind === 'copy' ? ' carboncopy' : ''}" transform="translate(${-width / 2} -10.5)"><rect width="${width}" height="21" class="env-air"/>`
    + `<rect x="3" y="3" width="${width - 6}" height="15" class="env-in"/><text x="${width / 2}" y="14.1" class="env-k">${escapeMarkup(label)}</text></g>`;
}

export const RECEIPT = '<g class="ack"><rect x="-11" y="-8" width="22" height="16" class="ack-b"/><path d="M-5 0l4 4l7-8" class="ack-t"/></g>';
export const REQUEST_SLIP = '<path d="M-8 0l8-7l8 7v8h-16z" class="req-b"/>';
export const CROSS = '<path class="xxu" d="M-20-13l40 26m0-26l-40 26"/><path class="xx" d="M-20-13l40 26m0-26l-40 26"/>';

/** Three lines of cancellation waves over a shelf. */
export function waves(box: { x: number; y: number; width: number; height: number }): string {
  const count = Math.max(1, Math.round(box.width / 46));
  const half = round(box.width / count / 2);
  return [0.3, 0.5, 0.7].map((part) => {
    const swing = `q${round(half / 2)}-10 ${half} 0t${half} 0`.repeat(count);
    return `<path class="wave" pathLength="1" stroke-dasharray="1 1" d="M${round(box.x)} ${round(box.y + box.height * part)}${swing}"/>`;
  }).join('');
}

/** Two ragged edges. The raggedness is fixed by the place, so that the same tear looks the same. */
export function tear(x1: number, x2: number, y: number): string {
  let seed = Math.round(y) + 3;
  let upper = `M${x1} ${y}`;
  let lower = `M${x1} ${y + 7}`;
  for (let x = x1; x < x2;) {
    seed = (seed * 48_271) % 2_147_483_647;
    x = Math.min(x2, x + 5 + (seed % 9));
    const dy = ((seed >> 5) % 9) - 4;
    upper += `L${x} ${y + dy}`;
    lower += `L${x} ${y + 7 + dy}`;
  }
  return `<path pathLength="1" stroke-dasharray="1 1" d="${upper}"/><path pathLength="1" stroke-dasharray="1 1" d="${lower}"/>`;
}

export function pauseBars(box: { x: number; y: number; width: number; height: number }): string {
  let bars = '';
  for (let x = box.x; x < box.x + box.width; x += 30) {
    bars += `<rect x="${x}" y="${box.y}" width="4" height="${box.height}"/><rect x="${x + 7}" y="${box.y}" width="4" height="${box.height}"/>`;
  }
  return bars;
}

/** Hatches and the airmail edge; once on a page that draws marks. */
export const MARK_PATTERNS = `<defs>
<pattern id="so-h1" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="var(--b1)"/></pattern>
<pattern id="so-h2" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="var(--b2)"/><rect width="2" height="6" fill="var(--tray)"/></pattern>
<pattern id="so-h3" width="5" height="5" patternUnits="userSpaceOnUse"><rect width="5" height="5" fill="var(--b3)"/><circle cx="2.5" cy="2.5" r="1.3" fill="var(--tray)"/></pattern>
<pattern id="so-h4" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="4" height="4" fill="var(--b4)"/><rect width="1.4" height="4" fill="var(--tray)"/></pattern>
<pattern id="so-h5" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="var(--b5)"/><path d="M0 3h6M3 0v6" stroke="var(--tray)" stroke-width="1.2"/></pattern>
<pattern id="so-h6" width="5" height="4" patternUnits="userSpaceOnUse"><rect width="5" height="4" fill="var(--b6)"/><rect width="5" height="1.4" fill="var(--tray)"/></pattern>
<pattern id="so-h7" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="6" height="6" fill="var(--b7)"/><rect width="3" height="6" fill="var(--tray)"/></pattern>
<pattern id="so-pencil" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="1.1" height="5" fill="var(--rule-strong)"/></pattern>
<pattern id="so-lag" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="1.6" height="4" fill="var(--ink)"/></pattern>
<pattern id="so-air" width="16" height="16" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="16" height="16" fill="var(--air-paper)"/><rect width="4" height="16" fill="var(--air-red)"/><rect x="8" width="4" height="16" fill="var(--air-blue)"/></pattern>
</defs>`;
