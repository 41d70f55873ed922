/** Writes what the ZooKeeper strip says at one moment. A function of the model alone: nothing is remembered here. */
import type { DrawnParts } from './drawn-parts.ts';
import { sessionPath } from './ensemble-layout.ts';
import { type EnsembleModel, placeAtServer } from './ensemble-model.ts';
import { pathSource } from './flight-paths.ts';
import type { FrameModel } from './frame-model.ts';
import { type Layout, shelfMiddle } from './stage-layout.ts';

export function drawEnsemble(parts: DrawnParts, layout: Layout, model: FrameModel): void {
  const { ensemble } = model;
  if (ensemble === null || layout.ensemble === null) return;
  parts.text('ensemble', ensemble.epoch === null ? 'no majority' : `epoch ${ensemble.epoch}`);
  parts.attribute('ensemble', 'class', ensemble.epoch === null ? 'fault-t' : 'lab');
  for (const server of ensemble.servers) {
    parts.text(`server-word ${server.id}`, server.word);
    parts.attribute(`server ${server.id}`, 'class', `zk${server.isLeader ? ' leads' : ''}${server.isStopped ? ' dead' : ''}`);
    parts.shows(`server-waves ${server.id}`, server.isStopped);
    parts.shows(`server-paused ${server.id}`, server.isPaused);
  }
  drawZnodes(parts, ensemble, model);
  drawSessions(parts, layout, model);
}

function drawZnodes(parts: DrawnParts, ensemble: EnsembleModel, model: FrameModel): void {
  parts.shows('no-owner', ensemble.owner === null);
  parts.attribute('znode-controller', 'class', ensemble.owner === null ? 'znode absent' : 'znode');
  parts.text('controller-epoch', ensemble.controllerEpoch ?? '–');
  for (const { broker } of model.shelves) {
    const isThere = ensemble.brokerIds.includes(broker);
    parts.shows(`owner ${broker}`, ensemble.owner === broker);
    parts.shows(`znode-id ${broker}`, isThere);
    parts.shows(`znode-gone ${broker}`, !isThere);
  }
}

function drawSessions(parts: DrawnParts, layout: Layout, model: FrameModel): void {
  const { ensemble } = model;
  const strip = layout.ensemble;
  if (ensemble === null || strip === null) return;
  for (const { broker } of model.shelves) {
    const session = ensemble.sessions.find((it) => it.broker === broker);
    parts.shows(`session ${broker}`, session !== undefined);
    if (session === undefined) continue;
    parts.attribute(`session ${broker}`, 'class', `session ${session.state}`);
    const place = placeAtServer(ensemble, broker);
    if (strip.gutter === null) {
      const box = session.server === null ? undefined : strip.servers.get(session.server);
      parts.shows(`session ${broker}`, box !== undefined);
      if (box !== undefined) parts.attribute(`session ${broker}`, 'transform', `translate(${Math.round(box.x + 14 + place * 20)} ${box.y + box.height})`);
      continue;
    }
    const path = sessionPath(strip, { ...session, place }, shelfMiddle(layout, broker)) ?? [];
    const [x, y] = path.at(-1) ?? [0, 0];
    for (const part of ['under', 'line']) parts.attribute(`session-${part} ${broker}`, 'd', path.length === 0 ? '' : pathSource(path));
    parts.attribute(`session-knot ${broker}`, 'cx', String(x));
    parts.attribute(`session-knot ${broker}`, 'cy', String(y));
  }
}
