import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mermaidTheme } from '#src/diagrams/mermaid-theme.ts';

const tokens = readFileSync(new URL('../../../src/styles/tokens.css', import.meta.url), 'utf8');

it('asks for tokens that the site has, so that Mermaid gets colours it can compute with', () => {
  const asked: string[] = [];
  const { themeVariables } = mermaidTheme((name) => {
    asked.push(name);
    return new RegExp(`${name}:\\s*(#[0-9a-f]{6});`).exec(tokens)?.[1] ?? 'missing';
  }, false);
  expect(asked.length).toBeGreaterThan(5);
  expect(Object.values(themeVariables)).not.toContain('missing');
});

it('is another theme at night', () => {
  expect(mermaidTheme(() => '#000000', true).themeVariables['darkMode']).toBe(true);
  expect(mermaidTheme(() => '#000000', false).themeVariables['darkMode']).toBe(false);
});
