/** The same moment as a table, for those who do not see the picture or would rather read. Pure up to its markup. */
import { type FrameModel, frameSentence } from './frame-model.ts';
import { clockText, escapeMarkup } from './shown-text.ts';

export function textTwinMarkup(model: FrameModel, us: number): string {
  const brokers = model.shelves.map((shelf) =>
    row([`broker ${shelf.broker}`, shelf.host, shelf.word, shelf.belief, shelf.isActiveController ? `active, epoch ${model.quorumEpoch}` : '', String(shelf.quorum.logEnd)])).join('');
  const partitions = model.columns.map((column) => row([
    String(column.partition), column.leader < 0 ? 'nobody' : String(column.leader), String(column.leaderEpoch),
    column.replicas.filter((it) => it.isInSync).map((it) => it.broker).join(', '), String(column.highWatermark),
    column.trays.map((tray) => `${tray.broker}: ${tray.logEnd}`).join(', '),
  ])).join('');
  const clients = [
    ...model.producers.map((it) => `${it.id} sends with acks=${it.acks === -1 ? 'all' : it.acks}${it.isStopped ? ', stopped' : ''}`),
    ...model.consumers.map((it) => `${it.id} reads; ${[...it.positions].map(([partition, position]) => `partition ${partition} at ${position}`).join(', ')}`),
  ];
  return `<p class="moment"><b>${clockText(us)}</b> ${escapeMarkup(frameSentence(model))}${model.cut.label === '' ? '' : ` Network ${escapeMarkup(model.cut.label)}.`}</p>`
    + table('Brokers', ['broker', 'host', 'true', 'the controller believes', 'controller', 'metadata log end'], brokers)
    + table(model.topic === null ? 'No topic yet' : `Topic ${model.topic}`, ['partition', 'leader', 'epoch', 'in sync', 'high watermark', 'log ends'], partitions)
    + (clients.length === 0 ? '' : `<ul>${clients.map((it) => `<li>${escapeMarkup(it)}</li>`).join('')}</ul>`);
}

function row(cells: readonly string[]): string {
  const [first = '', ...rest] = cells;
  return `<tr><th scope="row">${escapeMarkup(first)}</th>${rest.map((cell) => `<td>${escapeMarkup(cell)}</td>`).join('')}</tr>`;
}

function table(caption: string, heads: readonly string[], rows: string): string {
  return `<table><caption>${escapeMarkup(caption)}</caption><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead><tbody>${rows}</tbody></table>`;
}
