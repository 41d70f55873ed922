// One cell on the page: its buttons, its state, its output. Static text until a learner goes in; then the editor in its place.
import type { CellBlock } from '#src/lesson/lesson-blocks.ts';
import type { CellEditor } from './cell-editor.ts';
import type { CellEvent } from './cell-protocol.ts';

export interface CellActions {
  readonly run: () => Promise<void>;
  readonly stop: () => void;
}

type State = 'ready' | 'waiting' | 'running' | 'done' | 'failed';

export class CellPart {
  private readonly element: HTMLElement;
  private readonly block: CellBlock;
  private readonly actions: CellActions;
  private readonly status: HTMLElement;
  private readonly output: HTMLElement;
  private readonly frame: HTMLElement;
  private readonly runButton: HTMLButtonElement;
  private readonly resetButton: HTMLButtonElement;
  private readonly stopButton: HTMLButtonElement;
  private editor: Promise<CellEditor> | null = null;
  private state: State = 'ready';
  private startedAt = 0;
  /** It has begun in the run that is under way: what it shows belongs to its present text. */
  private hasBegun = false;
  /** Drawing is loaded on demand; what comes meanwhile waits in order. */
  private drawing: Promise<void> = Promise.resolve();
  private badLine: number | null = null;
  code: string;

  constructor(element: HTMLElement, block: CellBlock, actions: CellActions) {
    this.element = element;
    this.block = block;
    this.actions = actions;
    this.code = block.code;
    this.status = part(element, 'cell-status');
    this.output = part(element, 'cell-output');
    this.frame = part(element, 'cell-code');
    this.runButton = button('Run', block.number, () => this.run());
    this.runButton.classList.add('primary');
    this.runButton.append(shortcut());
    this.resetButton = button('Reset', block.number, () => this.reset());
    this.resetButton.classList.add('quiet');
    this.resetButton.hidden = true;
    this.stopButton = button('Stop', block.number, actions.stop);
    this.stopButton.hidden = true;
    part(element, 'cell-controls').replaceChildren(this.resetButton, this.stopButton, this.runButton);
    this.wakeOnTouch();
  }

  /** Run was pressed; another cell may be running still. */
  waits(): void {
    this.setState('waiting');
    this.say('starting');
  }

  /** The run is over, whoever's it was. */
  rest(): void {
    this.hasBegun = false;
    if (this.state === 'waiting' || this.state === 'running') this.setState('ready');
  }

  clock(now: number): void {
    this.say(`running, ${seconds(now - this.startedAt)} of cluster time`);
  }

  take(event: CellEvent): void {
    switch (event.event) {
      case 'started':
        this.startedAt = event.at;
        this.hasBegun = true;
        this.clear();
        this.setState('running');
        return this.say('running');
      case 'shown':
        return this.draw(async () => {
          const { drawShown } = await import('./inspector.ts');
          this.output.append(drawShown(event));
        });
      case 'finished':
        this.setState('done');
        return this.say(event.at === this.startedAt ? 'ran' : `ran in ${seconds(event.at - this.startedAt)} of cluster time`);
      case 'failed':
        return this.fail(event);
    }
  }

  private fail({ problem }: Extract<CellEvent, { readonly event: 'failed' }>): void {
    // A syntax error, or a name that is missing: the cell has not begun, and what stands below it is of another text.
    if (!this.hasBegun) this.clear();
    this.setState('failed');
    this.say('failed');
    this.mark(problem.line);
    this.draw(async () => {
      const { drawProblem } = await import('./inspector.ts');
      this.output.append(drawProblem(problem, this.block.number, ({ from, to }) => void this.mend(problem.line, from, to)));
    });
  }

  private run(): void {
    if (this.state === 'waiting' || this.state === 'running') return;
    void this.actions.run();
  }

  private async mend(line: number | null, from: string, to: string): Promise<void> {
    const editor = await this.open();
    editor.replace(replaced(this.code, line, from, to));
    editor.focus();
    this.run();
  }

  private reset(): void {
    void this.open().then((editor) => editor.replace(this.block.code));
    this.runButton.focus();
  }

  // ---- state

  private setState(state: State): void {
    this.state = state;
    const isBusy = state === 'waiting' || state === 'running';
    // What is focused must not vanish under the keyboard.
    const hadFocus = document.activeElement === this.runButton || document.activeElement === this.stopButton;
    this.element.dataset['state'] = state;
    this.element.setAttribute('aria-busy', String(isBusy));
    this.stopButton.hidden = !isBusy;
    this.runButton.hidden = isBusy;
    if (hadFocus) (isBusy ? this.stopButton : this.runButton).focus();
  }

  private say(text: string): void {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  private clear(): void {
    this.mark(null);
    this.draw(() => {
      this.output.replaceChildren();
      return Promise.resolve();
    });
  }

  private draw(work: () => Promise<void>): void {
    this.drawing = this.drawing.then(work).catch((error: unknown) => {
      this.output.textContent = error instanceof Error ? error.message : String(error);
    });
  }

  private mark(line: number | null): void {
    this.badLine = line;
    for (const [index, shown] of [...this.frame.querySelectorAll('pre .line')].entries()) shown.classList.toggle('bad', index + 1 === line);
    void this.editor?.then((editor) => editor.markLine(line));
  }

  // ---- the editor

  private wakeOnTouch(): void {
    const text = this.frame.querySelector('pre');
    if (text === null) return;
    text.setAttribute('aria-description', 'Enter opens the editor');
    // Coming near is enough to fetch the editor; opening it waits for a click or Enter, so that Tab still passes by.
    text.addEventListener('focus', () => { void import('./cell-editor.ts'); }, { once: true });
    text.addEventListener('click', () => {
      // Whoever marks text wants to copy it.
      if (document.getSelection()?.isCollapsed !== false) void this.write();
    });
    text.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.run();
      else if (event.key === 'Enter') void this.write();
      else return;
      event.preventDefault();
    });
  }

  private async write(): Promise<void> {
    const editor = await this.open();
    editor.focus();
  }

  private open(): Promise<CellEditor> {
    this.editor ??= import('./cell-editor.ts').then(({ openEditor }) => {
      this.frame.replaceChildren();
      const editor = openEditor({
        parent: this.frame,
        code: this.code,
        label: `Code of cell ${this.block.number}`,
        onChange: (code) => this.changed(code),
        onRun: () => this.run(),
        onLeave: () => (this.stopButton.hidden ? this.runButton : this.stopButton).focus(),
      });
      this.frame.addEventListener('focusin', () => { this.element.dataset['editing'] = ''; });
      this.frame.addEventListener('focusout', () => { delete this.element.dataset['editing']; });
      editor.markLine(this.badLine);
      return editor;
    }).catch((error: unknown) => {
      this.editor = null;
      throw error;
    });
    return this.editor;
  }

  private changed(code: string): void {
    this.code = code;
    const isEdited = code !== this.block.code;
    this.resetButton.hidden = !isEdited;
    if (this.state !== 'waiting' && this.state !== 'running') this.say(isEdited ? 'edited, not run' : 'TypeScript');
  }
}

function part(element: HTMLElement, name: string): HTMLElement {
  const found = element.querySelector<HTMLElement>(`[data-mount="${name}"]`);
  if (found === null) throw new Error(`the cell ${element.id} has no ${name}`);
  return found;
}

/** "Run" to the eye, "Run cell 2" to the ear. */
function button(text: string, cell: number, press: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  const rest = document.createElement('span');
  made.type = 'button';
  rest.className = 'visually-hidden';
  rest.textContent = ` cell ${cell}`;
  made.append(text, rest);
  made.addEventListener('click', press);
  return made;
}

function shortcut(): HTMLElement {
  const keys = document.createElement('kbd');
  keys.textContent = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘ ⏎' : 'Ctrl ⏎';
  keys.setAttribute('aria-hidden', 'true');
  return keys;
}

function seconds(us: number): string {
  return us < 1_000_000 ? `${(us / 1_000).toFixed(us < 10_000 ? 1 : 0)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}

function replaced(code: string, line: number | null, from: string, to: string): string {
  const lines = code.split('\n');
  const at = line === null ? lines.findIndex((text) => text.includes(from)) : line - 1;
  return lines.map((text, index) => (index === at ? text.replace(from, to) : text)).join('\n');
}
