/** Writes to elements of a drawing, and only what differs from the last time: most frames change a handful of attributes. */
export class DrawnParts {
  readonly #parts = new Map<string, Element>();
  readonly #written = new WeakMap<Element, Map<string, string>>();

  /** Every element with `data-part` below `root`, by that name. The drawing was made anew, so nothing is known to be written. */
  collect(root: ParentNode): void {
    this.#parts.clear();
    for (const element of root.querySelectorAll('[data-part]')) this.#parts.set(element.getAttribute('data-part') ?? '', element);
  }

  attribute(part: string, name: string, value: string): void {
    const element = this.#parts.get(part);
    if (element !== undefined && this.#isFresh(element, name, value)) element.setAttribute(name, value);
  }

  text(part: string, value: string): void {
    const element = this.#parts.get(part);
    if (element !== undefined && this.#isFresh(element, '#text', value)) element.textContent = value;
  }

  shows(part: string, isShown: boolean): void {
    this.attribute(part, 'display', isShown ? 'inline' : 'none');
  }

  /** 0 to 1, to two digits. */
  opacity(part: string, value: number): void {
    this.attribute(part, 'opacity', String(Math.round(value * 100) / 100));
  }

  moveX(part: string, x: number): void {
    this.attribute(part, 'transform', `translate(${Math.round(x * 100) / 100} 0)`);
  }

  #isFresh(element: Element, name: string, value: string): boolean {
    let written = this.#written.get(element);
    if (written === undefined) this.#written.set(element, (written = new Map()));
    if (written.get(name) === value) return false;
    written.set(name, value);
    return true;
  }
}
