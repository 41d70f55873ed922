/**
 * Text that people chose (keys, topics, names) inside a Mermaid source. Mermaid reads `#59;` as the character with that number; so
 * everything that could end a statement, open a shape or become HTML is written that way, and the picture shows what was meant.
 */

/** Longer texts are cut: a label is for reading, the record itself is on the stage. */
export const LABEL_CHARACTERS_MAX = 72;

/** Words that begin or end a block of a sequence diagram or a graph when they stand alone. */
const KEYWORDS = /(?<![\p{L}\p{N}_])(end|loop|alt|opt|par|rect|critical|break|subgraph|graph|click|style|class|classDef|linkStyle|participant|actor|note|activate|deactivate|autonumber|title)(?![\p{L}\p{N}_])/giu;
const PLAIN = /[\p{L}\p{N} _.,=+/()'!?*@-]/u;

export function mermaidText(text: string, charactersMax: number = LABEL_CHARACTERS_MAX): string {
  const characters = [...text.replaceAll(/\p{C}+/gu, ' ').replaceAll(/\s+/g, ' ').trim()];
  const shown = characters.length > charactersMax ? [...characters.slice(0, charactersMax - 1), '…'] : characters;
  return protectKeywords(shown.join(''))
    .map((piece) => (piece.isProtected ? piece.text : [...piece.text].map(protectCharacter).join('')))
    .join('');
}

/** The text that stands in a Mermaid source, as a person reads it in the picture. */
export function plainText(source: string): string {
  return source.replaceAll(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

interface Piece { readonly text: string; readonly isProtected: boolean }

/** A keyword keeps its look and loses its meaning when its first letter is a number. */
function protectKeywords(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(KEYWORDS)) {
    const word = match[0];
    pieces.push({ text: text.slice(at, match.index), isProtected: false });
    pieces.push({ text: numbered(word.slice(0, 1)) + word.slice(1), isProtected: true });
    at = match.index + word.length;
  }
  pieces.push({ text: text.slice(at), isProtected: false });
  return pieces;
}

function protectCharacter(character: string): string {
  return PLAIN.test(character) || character === '…' ? character : numbered(character);
}

function numbered(character: string): string {
  return `#${character.codePointAt(0) ?? 63};`;
}
