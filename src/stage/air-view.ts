/**
 * What is in the air: letters, slips and receipts as layers of their own, above the frame. A frame of the picture changes their transform
 * and nothing else; the lines they follow lie in the frame, under heads and flags.
 */
import { CROSS, envelope, RECEIPT, REQUEST_SLIP } from './broker-marks.ts';
import { type DrawnFrame, flightPath, pathSource } from './flight-paths.ts';
import { type AirNow, type Flight, type FlightNow, pathKey } from './flights.ts';
import { easeTravel } from './motion-curves.ts';
import { type Point, pointOn } from './stage-layout.ts';
import { escapeMarkup } from './shown-text.ts';

const SVG = 'http://www.w3.org/2000/svg';

interface Layer {
  readonly element: HTMLElement;
  line: SVGPathElement;
  look: string;
  path: readonly Point[];
  lineClass: string;
  transform: string;
  isOn: boolean;
}

export class AirView {
  readonly #air: HTMLElement;
  readonly #layers: Layer[] = [];
  /** Which layer a flight has, for as long as it is in the air. */
  readonly #taken = new Map<string, Layer>();
  #scale = 1;

  constructor(air: HTMLElement) {
    this.#air = air;
  }

  draw(air: AirNow, frame: DrawnFrame, lines: SVGGElement | null): void {
    this.#scale = frame.layout.letter;
    const seen = new Set<string>();
    for (const now of air.flights) {
      const path = flightPath(now.flight, frame);
      if (path === null) continue;
      const key = keyOf(now.flight);
      seen.add(key);
      this.#drawFlight(this.#layerFor(key), now, path, lines);
    }
    for (const { flight, perSecond } of air.dense) {
      const path = flightPath(flight, frame);
      if (path === null) continue;
      const key = `dense ${pathKey(flight)}`;
      seen.add(key);
      const layer = this.#layerFor(key);
      this.#place(layer, path, lines);
      this.#lineLooks(layer, `path dense d${perSecond > 200 ? 3 : perSecond > 60 ? 2 : 1}`);
      this.#look(layer, 'dense', '');
      this.#turn(layer, true);
    }
    for (const [key, layer] of this.#taken) {
      if (seen.has(key)) continue;
      this.#turn(layer, false);
      this.#taken.delete(key);
      this.#layers.push(layer);
    }
  }

  #drawFlight(layer: Layer, now: FlightNow, path: readonly Point[], lines: SVGGElement | null): void {
    const { flight, part, isCrossed } = now;
    this.#place(layer, path, lines);
    this.#lineLooks(layer, `path ${lineClass(flight, isCrossed)}`);
    this.#look(layer, `${flight.kind} ${flight.label} ${flight.error ?? ''} ${isCrossed}`, bodyOf(flight, isCrossed));
    const [x, y] = pointOn(path, easeTravel(part));
    const transform = `translate3d(${(x - 32).toFixed(1)}px,${(y - 22).toFixed(1)}px,0) scale(${this.#scale})`;
    if (layer.transform !== transform) layer.element.style.transform = layer.transform = transform;
    this.#turn(layer, true);
  }

  #lineLooks(layer: Layer, classes: string): void {
    if (layer.lineClass !== classes) layer.line.setAttribute('class', (layer.lineClass = classes));
  }

  #layerFor(key: string): Layer {
    const taken = this.#taken.get(key);
    if (taken !== undefined) return taken;
    const layer = this.#layers.pop() ?? this.#newLayer();
    this.#taken.set(key, layer);
    return layer;
  }

  #newLayer(): Layer {
    const element = document.createElement('div');
    this.#air.append(element);
    const line = document.createElementNS(SVG, 'path');
    return { element, line, look: '', path: [], lineClass: '', transform: '', isOn: false };
  }

  #look(layer: Layer, look: string, body: string): void {
    if (layer.look === look) return;
    layer.look = look;
    layer.element.innerHTML = body === '' ? '' : `<svg class="stage-svg" width="64" height="44" viewBox="-32 -22 64 44">${body}</svg>`;
  }

  #place(layer: Layer, path: readonly Point[], lines: SVGGElement | null): void {
    if (lines !== null && layer.line.parentNode !== lines) lines.append(layer.line);
    if (samePath(layer.path, path)) return;
    layer.path = path;
    layer.line.setAttribute('d', pathSource(path));
  }

  #turn(layer: Layer, isOn: boolean): void {
    if (layer.isOn === isOn) return;
    layer.isOn = isOn;
    layer.element.classList.toggle('on', isOn);
    layer.line.setAttribute('display', isOn ? 'inline' : 'none');
  }
}

function keyOf(flight: Flight): string {
  return `${flight.id} ${flight.kind} ${flight.partition}`;
}

function samePath(a: readonly Point[], b: readonly Point[]): boolean {
  return a.length === b.length && a.every((point, index) => point[0] === b[index]?.[0] && point[1] === b[index]?.[1]);
}

function lineClass(flight: Flight, isCrossed: boolean): string {
  if (isCrossed) return 'refused';
  switch (flight.kind) {
    case 'fetch': return 'fetch';
    case 'receipt': return 'ack';
    case 'refusal': return 'refused';
    case 'letter': case 'copy': case 'delivery': case 'create': case 'watch': case 'order': return 'solid';
  }
}

function bodyOf(flight: Flight, isCrossed: boolean): string {
  const cross = isCrossed ? CROSS : '';
  switch (flight.kind) {
    case 'fetch': return REQUEST_SLIP + cross;
    case 'receipt': return RECEIPT + cross;
    case 'letter': case 'create': case 'order': return envelope(flight.label, 'letter') + cross;
    case 'copy': case 'delivery': case 'watch': return envelope(flight.label, 'copy') + cross;
    case 'refusal': return `${envelope('', 'letter')}${CROSS}<text x="24" y="4" class="flabel refused">${escapeMarkup(flight.error ?? '')}</text>`;
  }
}
