// A condition in writing: names completed with what they are called, faults marked where they stand.
import { autocompletion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { type Diagnostic, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, keymap } from '@codemirror/view';
import { ask } from '../modeler/server';
import { t } from '../shell/words';
import { said } from './studio';
import type { Pair, Problem } from './types';

interface Option { label: string; detail: Pair; kind: string; shown?: string }
const icons: Record<string, string> = { item: 'property', function: 'function', table: 'enum', value: 'constant', word: 'keyword' };

export const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? '';

/** The looks that all texts of the editor share; the colours are the console's in both themes. */
export const look = [
  EditorView.cspNonce.of(nonce),
  EditorView.theme({
    '&': { color: 'var(--cl-ink)', backgroundColor: 'var(--cl-surface)' },
    '.cm-content': { caretColor: 'var(--cl-ink)', fontFamily: 'var(--tblr-font-monospace)' },
    '.cm-cursor': { borderLeftColor: 'var(--cl-ink)' },
    '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--cl-accent-soft) !important' },
    '.cm-gutters': { color: 'var(--cl-ink-quiet)', backgroundColor: 'var(--cl-surface-sunk)', borderRight: '1px solid var(--cl-line)' },
    '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--cl-neutral-soft)' },
    '.cm-tooltip': { color: 'var(--cl-ink)', backgroundColor: 'var(--cl-surface)', border: '1px solid var(--cl-line-strong)', borderRadius: 'var(--cl-radius)' },
    '.cm-tooltip-autocomplete ul li[aria-selected]': { color: 'var(--cl-ink)', backgroundColor: 'var(--cl-accent-soft)' },
    '.cm-completionDetail': { color: 'var(--cl-ink-quiet)', fontStyle: 'normal' },
    '.cm-panels': { color: 'var(--cl-ink)', backgroundColor: 'var(--cl-surface-sunk)' },
  }),
];

export class ExpressionField {
  readonly view: EditorView;
  private quiet = false;

  constructor(place: HTMLElement, text: string, label: string, base: string, each: () => string, changed: (text: string) => void) {
    const complete = async (context: CompletionContext): Promise<CompletionResult | null> => {
      const word = context.matchBefore(/[\w.\u4e00-\u9fff]+|['"][^'"]*/);
      if (!context.explicit && !word) return null;
      const answer = await ask<{ from: number; options: Option[] }>(`${base}/complete`, 'POST', { expression: context.state.doc.toString(), at: context.pos, each: each() }).catch(() => null);
      if (!answer?.options.length) return null;
      // The server has found by meaning as well: the names need not begin with what was typed.
      return { from: answer.from, filter: false, options: answer.options.map((option) => ({ label: option.label, displayLabel: option.shown ?? option.label, detail: said(option.detail), type: icons[option.kind] })) };
    };
    this.view = new EditorView({
      parent: place,
      state: EditorState.create({
        doc: text,
        extensions: [
          look, history(), drawSelection(), EditorView.lineWrapping, autocompletion({ override: [complete], icons: true }),
          keymap.of([...historyKeymap, ...defaultKeymap]),
          EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !this.quiet) changed(this.text);
          }),
        ],
      }),
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Write another text, as the rows have it, without hearing of it as a change by hand. */
  write(text: string): void {
    if (text === this.text) return;
    this.quiet = true;
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
    this.quiet = false;
  }

  mark(problems: Problem[]): void {
    const doc = this.view.state.doc;
    const found = problems.map((each): Diagnostic => {
      const line = doc.line(Math.min(Math.max(1, each.line), doc.lines));
      const from = Math.min(line.from + Math.max(0, each.column - 1), line.to);
      const rest = /^[\w.]+|^\S/.exec(doc.sliceString(from, line.to))?.[0].length ?? 0;
      return { from, to: Math.max(from, from + rest), severity: 'error', message: said(each.message) };
    });
    this.view.dispatch(setDiagnostics(this.view.state, found));
  }
}

export function told(problem: Problem): string {
  return t(`第 ${problem.line} 行第 ${problem.column} 列：${problem.message.zh}`, `line ${problem.line}, column ${problem.column}: ${problem.message.en}`);
}
