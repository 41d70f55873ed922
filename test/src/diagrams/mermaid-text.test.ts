import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LABEL_CHARACTERS_MAX, mermaidText, plainText } from '#src/diagrams/mermaid-text.ts';

it('leaves plain words as they are', () => {
  expect(mermaidText('customer-456, offset 5')).toBe('customer-456, offset 5');
});

it('writes what could end a statement or open a shape as numbers', () => {
  expect(mermaidText('a;b#c"d<e>[f]')).toBe('a#59;b#35;c#34;d#60;e#62;#91;f#93;');
});

it('takes the meaning, not the look, from a keyword that stands alone', () => {
  expect(mermaidText('the end')).toBe('the #101;nd');
  expect(mermaidText('endless')).toBe('endless');
});

it('cuts a text that is too long for a label', () => {
  expect([...plainText(mermaidText('x'.repeat(500)))]).toHaveLength(LABEL_CHARACTERS_MAX);
});

it('any text comes back as it was, on one line, without a character that Mermaid reads', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60, unit: 'grapheme' }), (text) => {
      const source = mermaidText(text, 1_000);
      expect(source.replaceAll(/#\d+;/g, '')).not.toMatch(/[;#"<>[\]{}|`\\\n\r]/);
      expect(plainText(source)).toBe(text.replaceAll(/\p{C}+/gu, ' ').replaceAll(/\s+/g, ' ').trim());
    }),
  );
});
