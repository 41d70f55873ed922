/** The ZooKeeper strip as SVG source: a form for each server, the znodes that matter, and a line for each broker's session. */
import { pauseBars, plate, waves } from './broker-marks.ts';
import type { EnsembleModel } from './ensemble-model.ts';
import type { EnsembleLayout } from './ensemble-layout.ts';
import type { ShelfModel } from './frame-model.ts';
import type { Box, Layout } from './stage-layout.ts';
import { text } from './svg-text.ts';

/** Plates of a row: so many fit into /brokers/ids before the rest is counted. */
export const IDS_SHOWN_MAX = 6;

export function ensembleMarkup(layout: Layout, ensemble: EnsembleModel, shelves: readonly ShelfModel[]): string {
  const strip = layout.ensemble;
  if (strip === null) return '';
  const isNarrow = layout.name === 'narrow';
  const label = isNarrow ? '' : text(12, 21, 'ZooKeeper', 'lab-strong') + text(12, 36, '', 'lab', 'ensemble');
  const servers = ensemble.servers.map((server) => serverForm(server.id, strip.servers.get(server.id), isNarrow)).join('');
  const hand = shelves.filter((it) => it.isBroker).map((it) => it.broker);
  return `<g class="ensemble">${label}${servers}${znodeForms(strip, hand, isNarrow)}</g>`;
}

function serverForm(id: number, box: Box | undefined, isNarrow: boolean): string {
  if (box === undefined) return '';
  const { x, y, width, height } = box;
  return `<g class="zk" data-part="server ${id}"><rect x="${x}" y="${y}" width="${width}" height="${height}" class="form-b"/>`
    + text(x + 8, y + (isNarrow ? 13 : 17), `server ${id}`, isNarrow ? 'form-c small' : 'form-c')
    + text(x + 8, y + (isNarrow ? 27 : 33), '', isNarrow ? 'mono form-v small' : 'mono form-v', `server-word ${id}`)
    + `<g class="waves" data-part="server-waves ${id}" display="none">${waves({ x: x + 4, y: y + 2, width: width - 8, height: height - 4 })}</g>`
    + `<g class="pausemark" data-part="server-paused ${id}" display="none">${pauseBars({ x: x + 6, y: y + 4, width: width - 26, height: height - 8 })}</g></g>`;
}

function znodeForms(strip: EnsembleLayout, brokers: readonly number[], isNarrow: boolean): string {
  const { controller, controllerEpoch, brokerIds } = strip;
  const size = isNarrow ? 6.2 : 7;
  const value = (box: Box): number => box.y + (isNarrow ? 27 : 33);
  const owners = brokers.map((id) =>
    `<g data-part="owner ${id}" display="none">${plate(id, { x: controller.x + 15, y: value(controller) - 4, r: size })}${text(controller.x + 28, value(controller), `broker ${id}`, isNarrow ? 'lab small' : 'lab')}</g>`).join('');
  const step = Math.min(size * 2.6, (brokerIds.width - 18) / Math.max(1, Math.min(brokers.length, IDS_SHOWN_MAX)));
  const ids = brokers.slice(0, IDS_SHOWN_MAX).map((id, place) => {
    const at = { x: brokerIds.x + 15 + place * step, y: value(brokerIds) - 4, r: size };
    return `<g data-part="znode-id ${id}" display="none">${plate(id, at)}</g><g data-part="znode-gone ${id}" display="none">${plate(id, at, 'gone')}</g>`;
  }).join('');
  return znodeForm('/controller', controller, isNarrow, 'znode-controller')
    + text(controller.x + 8, value(controller), 'no such znode', 'note', 'no-owner') + owners
    + znodeForm('/controller_epoch', controllerEpoch, isNarrow, 'znode-epoch')
    + text(controllerEpoch.x + 8, value(controllerEpoch), '', isNarrow ? 'mono form-v small' : 'mono form-v', 'controller-epoch')
    + znodeForm('/brokers/ids', brokerIds, isNarrow, 'znode-ids') + ids;
}

function znodeForm(path: string, { x, y, width, height }: Box, isNarrow: boolean, part: string): string {
  return `<g class="znode" data-part="${part}"><rect x="${x}" y="${y}" width="${width}" height="${height}" class="form-b"/>${text(x + 8, y + (isNarrow ? 13 : 17), path, isNarrow ? 'mono form-p small' : 'mono form-p')}</g>`;
}

/** Sessions lie over the shelves and under the marks: a line with a knot, or a plate below the server where lines have no room. */
export function sessionsMarkup(layout: Layout, shelves: readonly ShelfModel[]): string {
  const strip = layout.ensemble;
  if (strip === null) return '';
  return shelves.filter((it) => it.isBroker).map(({ broker }) => (strip.gutter === null
    ? `<g class="session" data-part="session ${broker}" display="none"><path class="session-l" d="M0 0v5"/>${plate(broker, { x: 0, y: 12, r: 6.2 }, 'outline')}</g>`
    : `<g class="session" data-part="session ${broker}" display="none"><path class="session-u" data-part="session-under ${broker}"/><path class="session-l" data-part="session-line ${broker}"/><circle r="3.4" class="knot" data-part="session-knot ${broker}"/></g>`)).join('');
}
