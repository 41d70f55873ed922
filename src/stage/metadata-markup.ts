/** `__cluster_metadata`, the first column of the frame in KRaft mode, as SVG source: the facts of the cluster are a log like any other. */
import { carbon, postmark } from './broker-marks.ts';
import type { FrameModel } from './frame-model.ts';
import { type Layout, metadataCellX, metadataX, shelfMiddle } from './stage-layout.ts';
import { text } from './svg-text.ts';

export function metadataMarkup(layout: Layout, model: FrameModel): string {
  if (layout.metadata === 0 || model.metadata === null) return '';
  const x = metadataX(layout);
  const rulers = Array.from({ length: layout.metadataCells }, (_, slot) =>
    text(metadataCellX(layout, slot) + layout.metadataCell / 2, layout.shelvesTop - 5, '', 'ruler', `meta-offset ${slot}`)).join('');
  return rulers + model.shelves.map(({ broker }) => voterTray(layout, broker)).join('')
    + text(x, layout.headY, '__cluster_metadata', 'col-name meta') + text(x, layout.headY - 17, 'no leader', 'fault-t halo', 'meta-leaderless');
}

/** The watermark of the metadata log, drawn over the trays. */
export function metadataWatermark(layout: Layout, model: FrameModel): string {
  if (layout.metadata === 0 || model.metadata === null) return '';
  const top = layout.shelvesTop - 34;
  return `<g class="hw" data-part="meta-watermark"><line x1="-1" x2="-1" y1="${top}" y2="${layout.shelvesBottom}"/>`
    + `<rect x="-38" y="${top}" width="38" height="15" class="hw-flag" data-part="meta-flag"/>${text(-4, top + 11, '', 'hw-t', 'meta-flag-text')}</g>`;
}

function voterTray(layout: Layout, node: number): string {
  const x = metadataX(layout);
  const middle = shelfMiddle(layout, node);
  const height = layout.cellHeight + 6;
  const tab = x + layout.tab / 2;
  const cells = Array.from({ length: layout.metadataCells }, (_, slot) => {
    const box = `x="${metadataCellX(layout, slot)}" y="${middle - layout.cellHeight / 2}" width="${layout.metadataCell - 1.6}" height="${layout.cellHeight}"`;
    return `<g class="rec form" data-part="meta-cell ${node} ${slot}" display="none"><rect ${box} class="cell"/><rect ${box} class="hatch" data-part="meta-hatch ${node} ${slot}"/></g>`;
  }).join('');
  return `<g class="replica follower" data-part="voter ${node}"><rect x="${x}" y="${middle - height / 2}" width="${layout.metadata}" height="${height}" class="tray"/>`
    + `<g class="carbon" data-part="voter-carbon ${node}">${carbon(tab - 1, middle)}</g>`
    + `<circle class="observer" cx="${tab}" cy="${middle}" r="4.5" data-part="voter-observer ${node}" display="none"/>${cells}`
    + `<path class="leo" data-part="voter-end ${node}" d="M0 ${middle - layout.cellHeight / 2}h3v${layout.cellHeight}h-3"/>`
    + `<g data-part="voter-mark ${node}" display="none">${postmark(0, { x: tab, y: middle, r: Math.min(12.5, layout.postmark) }, `quorum-epoch ${node}`)}</g></g>`;
}
