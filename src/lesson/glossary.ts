/** Post-office words: read from lessons/glossary.yml, written behind Kafka's terms in a lesson's prose. */
import { escapeHtml } from './inline-markdown.ts';
import { listOf, optional, readYaml, record, required, text } from './strict-yaml.ts';

export interface GlossaryEntry {
  readonly term: string;
  readonly also: readonly string[];
  readonly postOffice: string;
}

const glossary = listOf(record({ term: required(text), also: optional(listOf(text)), postOffice: required(text) }));

export function readGlossary(source: string, file: string): readonly GlossaryEntry[] {
  return readYaml(source, { file, block: 'the glossary', firstLine: 1 }, glossary).map((entry) => ({
    term: entry.term,
    also: entry.also ?? [],
    postOffice: entry.postOffice,
  }));
}

/** Elements whose text stays as it is: code, links, headings, and everything that is not prose. */
const QUIET_ELEMENTS = new Set(['code', 'pre', 'a', 'h1', 'h2', 'h3', 'h4', 'table', 'script', 'style', 'svg']);

/**
 * Puts a hidden gloss behind the first use of each term in each section (a section begins with a heading). A term with a number is a name
 * ("broker 3"): nothing comes between the two.
 */
export function addGlosses(html: string, entries: readonly GlossaryEntry[]): string {
  const byForm = new Map<string, GlossaryEntry>();
  for (const entry of entries) for (const form of [entry.term, ...entry.also]) byForm.set(form.toLowerCase(), entry);
  const forms = [...byForm.keys()].sort((a, b) => b.length - a.length).map(escapeForPattern);
  if (forms.length === 0) return html;
  const pattern = new RegExp(`(?<![\\w-])(?:${forms.join('|')})(?![\\w-]| \\d)`, 'gi');
  const glossed = new Set<GlossaryEntry>();
  let quietDepth = 0;
  return html
    .split(/(<[^>]+>)/)
    .map((piece) => {
      const tag = /^<(\/?)([a-z][a-z0-9]*)/i.exec(piece);
      if (tag === null) return quietDepth > 0 ? piece : glossText(piece, { pattern, byForm, glossed });
      const element = (tag[2] ?? '').toLowerCase();
      if (/^h[1-4]$/.test(element)) glossed.clear();
      if (QUIET_ELEMENTS.has(element)) quietDepth += tag[1] === '/' ? -1 : 1;
      return piece;
    })
    .join('');
}

function glossText(
  piece: string,
  terms: { readonly pattern: RegExp; readonly byForm: ReadonlyMap<string, GlossaryEntry>; readonly glossed: Set<GlossaryEntry> },
): string {
  return piece.replaceAll(terms.pattern, (form) => {
    const entry = terms.byForm.get(form.toLowerCase());
    if (entry === undefined || terms.glossed.has(entry)) return form;
    terms.glossed.add(entry);
    return `${form}<span class="analogy">${escapeHtml(entry.postOffice)}</span>`;
  });
}

function escapeForPattern(form: string): string {
  return form.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
