/** Mermaid in this site's inks. Mermaid computes with colours, so it gets the values of the tokens, not their names. Pure. */

/** Value of a custom property of the page: "--ink" is "#15202b". */
export type Token = (name: string) => string;

export function mermaidTheme(token: Token, isNight: boolean): { readonly themeVariables: Readonly<Record<string, string | boolean>>; readonly themeCSS: string } {
  const [page, sheet, desk, well] = [token('--page'), token('--sheet'), token('--desk'), token('--well')];
  const [ink, soft, strong] = [token('--ink'), token('--ink-2'), token('--rule-strong')];
  const [letter, letterInk, letterEdge] = [token('--manila'), token('--manila-ink'), token('--manila-edge')];
  return {
    themeVariables: {
      darkMode: isNight,
      fontFamily: '"Archivo", "Helvetica Neue", Arial, sans-serif',
      fontSize: '15px',
      background: page, edgeLabelBackground: page, textColor: ink, titleColor: ink, lineColor: soft,
      primaryColor: sheet, primaryTextColor: ink, primaryBorderColor: ink, mainBkg: sheet, nodeBorder: ink,
      secondaryColor: letter, secondaryTextColor: letterInk, secondaryBorderColor: letterEdge,
      tertiaryColor: desk, tertiaryTextColor: ink, tertiaryBorderColor: strong, clusterBkg: desk, clusterBorder: strong,
      actorBkg: sheet, actorBorder: ink, actorTextColor: ink, actorLineColor: strong, signalColor: ink, signalTextColor: ink,
      labelBoxBkgColor: sheet, labelBoxBorderColor: ink, labelTextColor: ink, loopTextColor: ink,
      noteBkgColor: letter, noteTextColor: letterInk, noteBorderColor: letterEdge,
      activationBkgColor: well, activationBorderColor: ink, sequenceNumberColor: page,
    },
    themeCSS: THEME_CSS,
  };
}

/** Square corners; a node wears its broker's colour as its edge, and a stopped one is crossed out in words and dashes. */
const THEME_CSS = [
  '.node rect, .cluster rect, rect.actor, .note, .labelBox { rx: 2px; ry: 2px; stroke-width: 1.5px; filter: none !important; }',
  // The page's letters are a little wider than those that Mermaid measured: a label keeps its lines.
  '.node foreignObject { overflow: visible; } .nodeLabel, .nodeLabel p { white-space: nowrap !important; }',
  '.messageText { font-size: 14px; } .noteText { font-size: 13.5px; }',
  ...[1, 2, 3, 4, 5, 6, 7].map((id) => `.broker${id} > rect { stroke: var(--b${id}) !important; stroke-width: 3px !important; }`),
  '.stopped > rect { fill: var(--fault-wash) !important; stroke: var(--fault) !important; stroke-dasharray: 2 4; }',
  '.stopped .nodeLabel, .stopped span { color: var(--fault) !important; }',
].join('\n');
