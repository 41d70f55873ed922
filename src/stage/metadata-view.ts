/** Writes what the metadata column says at one moment: who leads the quorum, in which epoch, how far its log is agreed on. */
import type { DrawnParts } from './drawn-parts.ts';
import { type FrameModel, type ShelfModel, windowStart } from './frame-model.ts';
import { type Layout, metadataCellX } from './stage-layout.ts';

export function drawMetadata(parts: DrawnParts, layout: Layout, model: FrameModel): void {
  const { metadata } = model;
  if (metadata === null) return;
  if (layout.metadata === 0) return drawNarrow(parts, model);
  const first = windowStart(0, metadata.longestEnd, layout.metadataCells);
  parts.moveX('meta-watermark', metadataCellX(layout, metadata.highWatermark - first));
  const flag = layout.metadata > 120 ? `HW ${metadata.highWatermark}` : String(metadata.highWatermark);
  const width = 9 + flag.length * 5.9;
  parts.text('meta-flag-text', flag);
  parts.attribute('meta-flag', 'x', String(-width));
  parts.attribute('meta-flag', 'width', String(width));
  parts.shows('meta-leaderless', metadata.leader < 0);
  const stride = Math.max(1, Math.ceil((String(first + layout.metadataCells).length * 5.8 + 5) / layout.metadataCell));
  for (let slot = 0; slot < layout.metadataCells; slot += 1) {
    parts.text(`meta-offset ${slot}`, (first + slot) % stride === 0 ? String(first + slot) : '');
  }
  for (const shelf of model.shelves) drawTray(parts, { layout, first, highWatermark: metadata.highWatermark, epoch: metadata.epoch }, shelf);
}

function drawTray(parts: DrawnParts, of: { layout: Layout; first: number; highWatermark: number; epoch: number }, shelf: ShelfModel): void {
  const { layout, first } = of;
  const { standing, staleEpoch, logEnd } = shelf.quorum;
  const id = shelf.broker;
  const isLeader = standing === 'leader';
  parts.shows(`voter ${id}`, !shelf.isToCome);
  parts.attribute(`voter ${id}`, 'class', `replica ${isLeader ? 'leader' : standing === 'observer' ? 'out' : 'follower'}${shelf.isStopped ? ' dead' : ''}`);
  parts.shows(`voter-mark ${id}`, isLeader || staleEpoch !== null);
  parts.attribute(`voter-mark ${id}`, 'class', isLeader ? '' : 'stale');
  parts.shows(`voter-carbon ${id}`, standing === 'voter' && staleEpoch === null);
  parts.shows(`voter-observer ${id}`, standing === 'observer');
  parts.text(`quorum-epoch ${id}`, String(isLeader ? of.epoch : staleEpoch ?? ''));
  parts.shows(`voter-end ${id}`, logEnd > 0 && logEnd >= first);
  parts.moveX(`voter-end ${id}`, metadataCellX(layout, logEnd - first));
  for (let slot = 0; slot < layout.metadataCells; slot += 1) {
    const offset = first + slot;
    parts.shows(`meta-cell ${id} ${slot}`, offset < logEnd);
    const isAgreed = offset < of.highWatermark;
    parts.attribute(`meta-cell ${id} ${slot}`, 'class', isAgreed ? 'rec form' : 'rec form pencil');
    parts.shows(`meta-hatch ${id} ${slot}`, !isAgreed);
  }
}

/** On a phone the column has no room: a small postmark on the leader's shelf, and a line of words on a shelf that has nothing else. */
function drawNarrow(parts: DrawnParts, model: FrameModel): void {
  for (const shelf of model.shelves) {
    const { standing, logEnd } = shelf.quorum;
    parts.text(`quorum-epoch ${shelf.broker}`, String(model.metadata?.epoch ?? ''));
    parts.text(`quorum-note ${shelf.broker}`, standing === 'leader' ? `leads the metadata quorum, log end ${logEnd}` : `${shelf.word}, metadata log end ${logEnd}`);
  }
}
