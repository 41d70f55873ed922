/** The same moment as a table, for those who do not see the picture or would rather read. Pure up to its markup. */
import type { EnsembleModel } from './ensemble-model.ts';
import { type FrameModel, frameSentence, moveSentence, type ShelfModel } from './frame-model.ts';
import { clockText, escapeMarkup } from './shown-text.ts';

export function textTwinMarkup(model: FrameModel, us: number): string {
  const brokers = model.shelves.map((shelf) =>
    row([
      `${shelf.isBroker ? 'broker' : 'controller'} ${shelf.broker}`, shelf.host, shelf.word, shelf.isBroker ? shelf.belief : '', controllerText(model, shelf),
      ...(model.metadata === null ? [sessionText(model, shelf.broker)] : [shelf.quorum.standing, String(shelf.quorum.logEnd)]),
    ])).join('');
  const partitions = model.columns.map((column) => row([
    String(column.partition), column.leader < 0 ? 'nobody' : String(column.leader), String(column.leaderEpoch),
    column.replicas.filter((it) => it.isInSync).map((it) => it.broker).join(', '), String(column.highWatermark),
    column.trays.map((tray) => `${tray.broker}: ${tray.logEnd}`).join(', '),
  ])).join('');
  const clients = [
    ...model.producers.map((it) => `${it.id} sends with acks=${it.acks === -1 ? 'all' : it.acks}${it.isStopped ? ', stopped' : ''}`),
    ...model.consumers.map((it) => `${it.id} reads; ${[...it.positions].map(([partition, position]) => `partition ${partition} at ${position}`).join(', ')}`),
  ];
  const moves = model.columns.flatMap((column) => (column.move === null ? [] : [moveSentence(column.move)]));
  const faults = model.columns.flatMap((column) => (column.fault === null ? [] : [`Partition ${column.partition}: ${column.fault}.`]));
  const notes = model.columns.flatMap((column) => column.trays.flatMap((tray) => (tray.note === '' ? [] : [`Partition ${column.partition} on ${tray.broker}: ${tray.note}.`])));
  return `<p class="moment"><b>${clockText(us)}</b> ${escapeMarkup(frameSentence(model))}${model.cut.label === '' ? '' : ` Network ${escapeMarkup(model.cut.label)}.`}</p>`
    + `<p>${escapeMarkup(model.profile)}</p>${model.ensemble === null ? '' : ensembleTables(model.ensemble)}`
    + table('Nodes', ['node', 'host', 'true', 'the controller believes', 'controller', ...(model.metadata === null ? ['session'] : ['metadata quorum', 'metadata log end'])], brokers)
    + table(model.topic === null ? 'No topic yet' : `Topic ${model.topic}`, ['partition', 'leader', 'epoch', 'in sync', 'high watermark', 'log ends'], partitions)
    + list([...faults, ...moves, ...notes]) + list(clients);
}

function list(items: readonly string[]): string {
  return items.length === 0 ? '' : `<ul>${items.map((it) => `<li>${escapeMarkup(it)}</li>`).join('')}</ul>`;
}

function controllerText(model: FrameModel, shelf: ShelfModel): string {
  if (!shelf.isActiveController) return '';
  return model.metadata === null ? `controller, epoch ${model.ensemble?.controllerEpoch ?? ''}` : `active, epoch ${model.metadata.epoch}`;
}

function sessionText(model: FrameModel, broker: number): string {
  const session = model.ensemble?.sessions.find((it) => it.broker === broker);
  if (session === undefined) return 'none';
  const where = session.server === null ? 'looks for a server' : `on server ${session.server}`;
  return session.state === 'ended' ? `over, though it goes on (${where})` : session.state === 'silent' ? `${where}, silent` : where;
}

function ensembleTables(ensemble: EnsembleModel): string {
  const servers = ensemble.servers.map((it) => row([`server ${it.id}`, it.host, it.word, String(it.epoch)])).join('');
  const znodes = [
    ['/controller', ensemble.owner === null ? 'no such znode' : `broker ${ensemble.owner}`], ['/controller_epoch', ensemble.controllerEpoch ?? 'no such znode'],
    ['/brokers/ids', ensemble.brokerIds.join(', ')],
  ].map(row).join('');
  return table('ZooKeeper', ['server', 'host', 'state', 'epoch'], servers) + table('Znodes', ['path', 'says'], znodes);
}

function row(cells: readonly string[]): string {
  const [first = '', ...rest] = cells;
  return `<tr><th scope="row">${escapeMarkup(first)}</th>${rest.map((cell) => `<td>${escapeMarkup(cell)}</td>`).join('')}</tr>`;
}

function table(caption: string, heads: readonly string[], rows: string): string {
  return `<table><caption>${escapeMarkup(caption)}</caption><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead><tbody>${rows}</tbody></table>`;
}
