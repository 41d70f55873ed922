/** What the marks of the stage mean: each mark means one thing. Loaded when somebody asks. */
import { carbon, controllerCard, envelope, MARK_PATTERNS, pauseBars, plate, postmark, tear, waves } from './broker-marks.ts';

interface LegendRow { readonly mark: string; readonly name: string; readonly says: string }

export function legendMarkup(mode: 'kraft' | 'zookeeper'): string {
  const rows = [...ROWS, ...(mode === 'kraft' ? KRAFT_ROWS : ZOOKEEPER_ROWS)].map(({ mark, name, says }) =>
    `<div><dt><svg class="stage-svg" width="52" height="30" viewBox="0 0 52 30" aria-hidden="true">${mark}</svg> ${name}</dt><dd>${says}</dd></div>`).join('');
  return `<svg width="0" height="0" aria-hidden="true" style="position:absolute">${MARK_PATTERNS}</svg><dl>${rows}</dl>`;
}

const cell = (x: number, classes: string): string => {
  const box = `x="${x}" y="4" width="15" height="22"`;
  return `<g class="${classes}"><rect ${box} class="cell"/>${classes === 'ink' ? '' : `<rect ${box} class="hatch"/>`}</g>`;
};

const ROWS: readonly LegendRow[] = [
  { mark: plate(2, { x: 26, y: 15, r: 11 }), name: 'plate', says: 'a broker: its number, its shape, its hatch; dashed and struck in a head: not in the ISR' },
  { mark: postmark(2, { x: 26, y: 15, r: 13 }).replace('></text>', '>4</text>'), name: 'postmark', says: 'leads, in this leader epoch; grey and dashed: believes that it still does' },
  { mark: `<g class="carbon">${carbon(25, 15)}</g>`, name: 'two sheets', says: 'a follower in the ISR' },
  { mark: `<g class="carbon no">${carbon(25, 15)}</g>`, name: 'struck sheets', says: 'a follower that is not in the ISR' },
  { mark: `${cell(10, 'ink')}${cell(27, 'ink')}`, name: 'ink', says: 'committed: below the high watermark' },
  { mark: `${cell(10, 'pencil')}${cell(27, 'pencil')}`, name: 'pencil', says: 'written, not committed' },
  { mark: '<g class="hw"><line x1="34" x2="34" y1="2" y2="29"/><rect x="2" y="2" width="32" height="15" class="hw-flag"/><text x="30" y="13" class="hw-t">HW 5</text></g>', name: 'flag', says: 'the high watermark, one line through all copies' },
  { mark: '<path class="own-hw" d="M20 8h14l-7 11z"/>', name: 'wedge', says: 'how far a follower knows of the high watermark' },
  { mark: '<path class="leo" d="M24 4h4v22h-4"/>', name: 'bracket', says: 'the end of a log' },
  { mark: `<g transform="translate(26 15)">${envelope('123', 'letter')}</g>`, name: 'airmail edge', says: 'in flight: a letter, an order, a copy that is being made' },
  { mark: `<g class="waves">${waves({ x: 2, y: 0, width: 48, height: 30 })}</g>`, name: 'waves', says: 'the process is stopped' },
  { mark: `<g class="pausemark">${pauseBars({ x: 12, y: 4, width: 40, height: 22 })}</g>`, name: 'bars', says: 'the process is paused, and will go on' },
  { mark: '<g class="stampbox bad" transform="translate(1 7) rotate(-2.5)"><rect width="50" height="17" class="sb"/><text x="25" y="12.4" class="sb-t">FENCED</text></g>', name: 'stamp', says: 'a decision of the controller' },
  { mark: `<g class="tear">${tear(2, 50, 12)}</g>`, name: 'tear', says: 'the network is cut between these shelves' },
  { mark: '<path class="perf" d="M26 3v25"/>', name: 'perforation', says: 'a log was cut back here' },
];
const KRAFT_ROWS: readonly LegendRow[] = [
  { mark: `${cell(10, 'form')}${cell(27, 'form pencil')}`, name: 'forms', says: 'records of __cluster_metadata; in pencil until a majority of the voters has them' },
  { mark: postmark(0, { x: 26, y: 15, r: 13 }).replace('></text>', '>1</text>'), name: 'postmark in ink', says: 'leads the metadata quorum, in this epoch: the active controller' },
  { mark: '<circle class="observer" cx="26" cy="15" r="5"/>', name: 'circle', says: 'an observer: reads the metadata log and has no vote' },
  { mark: controllerCard(101, { x: 26, y: 15, r: 13 }), name: 'card', says: 'a controller that is no broker' },
];
const ZOOKEEPER_ROWS: readonly LegendRow[] = [
  { mark: '<path class="session-l" d="M10 3v12h26v9"/><circle cx="36" cy="25" r="3.6" class="knot"/>', name: 'knot', says: 'a broker’s session with a ZooKeeper server; dashed: silent; crimson: the session is over, the process goes on' },
  { mark: '<g class="zk leads"><rect x="4" y="4" width="44" height="22" class="form-b"/></g>', name: 'strong form', says: 'the server that leads the ensemble' },
  { mark: '<g class="znode"><rect x="4" y="4" width="44" height="22" class="form-b"/><text x="9" y="19" class="mono">1</text></g>', name: 'form field', says: 'a znode and what it says; dashed: there is no such znode' },
];
