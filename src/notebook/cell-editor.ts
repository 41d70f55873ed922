// The editor of a cell: CodeMirror 6, loaded when a learner first wants to write. It looks as the static text did: the same classes
// of the same highlighter, the same ink.
import { autocompletion, closeBrackets, closeBracketsKeymap, completeFromList, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import { bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { EditorState, StateEffect, StateField } from '@codemirror/state';
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import type { DecorationSet } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';

export interface EditorOptions {
  readonly parent: HTMLElement;
  readonly code: string;
  /** The accessible name. */
  readonly label: string;
  readonly onChange: (code: string) => void;
  readonly onRun: () => void;
  /** Escape: the keyboard goes back to the page. */
  readonly onLeave: () => void;
}

export interface CellEditor {
  readonly code: string;
  replace(code: string): void;
  focus(): void;
  /** Marks the line of an error, one-based; null for none. The mark goes when the text changes. */
  markLine(line: number | null): void;
}

/** Words that a cell has, offered while one is typed. */
const WORDS = [
  ...['kafka.producer()', 'kafka.admin()', 'cluster.kill(2)', 'cluster.restart(2)', 'cluster.shutDown(2)', 'cluster.pause(2, "1s")', 'cluster.resume(2)',
    'cluster.advance("10s")', 'cluster.observe()', 'cluster.partitionNetwork([1], [2, 3])', 'cluster.heal()', 'cluster.read("user-events", 0, { from: 0 })',
    'cluster.fork({})', 'cluster.electPreferredLeaders()', 'cluster.measure("leaderless", "user-events", 0)', 'display()'].map((label) => ({ label, type: 'function' })),
  ...['cluster', 'kafka', 'await', 'const', 'producer', 'topic', 'messages'].map((label) => ({ label, type: 'keyword' })),
];

const markBadLine = StateEffect.define<number | null>();
const badLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(markBadLine)) continue;
      const line = effect.value;
      if (line === null || line < 1 || line > transaction.state.doc.lines) return Decoration.none;
      return Decoration.set([Decoration.line({ class: 'bad' }).range(transaction.state.doc.line(line).from)]);
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export function openEditor({ parent, code, label, onChange, onRun, onLeave }: EditorOptions): CellEditor {
  const done = (action: () => void) => () => {
    action();
    return true;
  };
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: code,
      extensions: [
        keymap.of([
          { key: 'Mod-Enter', preventDefault: true, run: done(onRun) },
          ...closeBracketsKeymap, ...completionKeymap,
          // After the completion's own Escape: the first one closes its list, the next one leaves.
          { key: 'Escape', run: done(onLeave) },
          ...defaultKeymap, ...historyKeymap,
        ]),
        lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(), badLine,
        autocompletion({ override: [completeFromList(WORDS)], icons: false, activateOnTyping: true }),
        javascript({ typescript: true }), syntaxHighlighting(classHighlighter), theme,
        EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': label, 'aria-description': 'Escape leaves the editor, Control or Command with Enter runs the cell', autocapitalize: 'off', autocorrect: 'off', spellcheck: 'false' }),
        EditorView.updateListener.of((update) => { if (update.docChanged) onChange(update.state.doc.toString()); }),
      ],
    }),
  });
  return {
    get code() { return view.state.doc.toString(); },
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    focus: () => view.focus(),
    markLine: (line) => view.dispatch({ effects: markBadLine.of(line) }),
  };
}

/** Only values of tokens.css; sizes that depend on the page's width stand in notebook.css. */
const theme = EditorView.theme({
  '&': { color: 'var(--code-word)', backgroundColor: 'transparent' },
  '&.cm-focused': { outline: 'none' },
  '.cm-content': { caretColor: 'var(--focus)', padding: '14px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--focus)', borderLeftWidth: '2px' },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--focus) 8%, transparent)' },
  '.cm-gutters': { backgroundColor: 'transparent', border: 'none', color: 'var(--ink-3)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--selection)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'transparent', outline: '1px solid var(--rule-strong)' },
  '.cm-tooltip': { backgroundColor: 'var(--sheet)', border: '1px solid var(--rule-strong)', borderRadius: 'var(--radius)', color: 'var(--ink)' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--ink)', color: 'var(--on-ink)' },
});
