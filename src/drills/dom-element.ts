/** One element with its attributes and children: what the live blocks write into a page. Text is always text, never markup. */

export type Child = Node | string | null;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function button(label: string, onClick: () => void, attributes: Readonly<Record<string, string>> = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', onClick);
  return made;
}

/** A verdict word with its mark: "Met", "Broken", "Open". The mark is drawn by the style, the word is always there. */
export function mark(state: 'met' | 'broken' | 'open', word: string): HTMLElement {
  return element('span', { class: `mk ${state}` }, word);
}
