// The whole text of the ruleset, for those who want it: faults at their lines, kept like everything else.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { button, h, icon } from '../modeler/dom';
import { showToast } from '../shell/toasts';
import { t } from '../shell/words';
import { look } from './expression';
import { said, type Studio } from './studio';
import type { Changed } from './types';

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--cl-accent)' },
  { tag: [tags.string, tags.content], color: 'var(--cl-ink)' },
  { tag: tags.comment, color: 'var(--cl-ink-quiet)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: 'var(--cl-ink-quiet)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--cl-success)' },
]);

export class WholeText {
  private view: EditorView | null = null;
  private quiet = false;
  private readonly faults = h('ul', { class: 'whole-faults', 'aria-label': t('问题', 'Faults') });

  constructor(private readonly studio: Studio, private readonly place: HTMLElement) {
    studio.onDraft(() => this.follow());
  }

  /** The editor is made when it is first looked at. */
  show(): void {
    if (!this.view) this.make();
    this.follow();
    this.view?.requestMeasure();
  }

  gotoLine(line: number): void {
    this.show();
    const view = this.view;
    if (!view) return;
    const at = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines)).from;
    view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
    view.focus();
  }

  private make(): void {
    const box = h('div', { class: 'whole-text' });
    this.place.replaceChildren(h('div', { class: 'whole' }, this.studio.draft.head.kind === 'table' ? workbooks(this.studio) : null, h('p', { class: 'quiet whole-note' }, t('这份草稿的全文（YAML），与各页是同一份。Tab 缩进；先按 Esc 再按 Tab 离开编辑区。', 'The whole text of this draft (YAML), the same as everywhere on this page. Tab indents; Esc and then Tab leaves the text.')), this.faults, box));
    this.view = new EditorView({
      parent: box,
      state: EditorState.create({
        doc: this.studio.draft.text,
        extensions: [
          look, history(), drawSelection(), lineNumbers(), lintGutter(), highlightActiveLine(), yaml(), syntaxHighlighting(colours), EditorView.lineWrapping,
          keymap.of([...historyKeymap, ...defaultKeymap, indentWithTab]),
          EditorView.contentAttributes.of({ 'aria-label': t('规则集全文', 'Whole text of the ruleset'), spellcheck: 'false' }),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged || this.quiet) return;
            const path = this.studio.draft.path;
            this.studio.keeper.laterTexts(() => ({ [path]: this.view?.state.doc.toString() ?? '' }));
          }),
        ],
      }),
    });
    // It scrolls by keyboard as well, without the cursor in it.
    this.view.scrollDOM.tabIndex = 0;
  }

  private follow(): void {
    const view = this.view;
    if (!view) return;
    const { text, faults } = this.studio.draft;
    const now = view.state.doc.toString();
    // What was typed while the last save was under way must not be taken back by its answer.
    if (now !== text && !view.hasFocus && !this.studio.keeper.waits('texts')) {
      this.quiet = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      this.quiet = false;
    }
    const mine = faults.filter((each) => each.file.endsWith('/ruleset.yaml'));
    view.dispatch(setDiagnostics(view.state, mine.map((each): Diagnostic => {
      const line = view.state.doc.line(Math.min(Math.max(1, each.line), view.state.doc.lines));
      return { from: line.from, to: line.to, severity: 'error', message: `${each.rule} ${said(each.message)}` };
    })));
    this.faults.replaceChildren(...mine.slice(0, 30).map((each) => h('li', {}, h('button', { type: 'button', class: 'link', click: () => this.gotoLine(each.line) }, t(`第 ${each.line} 行`, `line ${each.line}`)), ` ${each.rule} ${said(each.message)}`)));
  }
}

/** A decision table goes to Excel and back; what is wrong in a workbook is told by cell. */
function workbooks(studio: Studio): HTMLElement {
  const told = h('ul', { class: 'whole-faults', role: 'status' });
  const file = h('input', { type: 'file', accept: '.xlsx', class: 'visually-hidden', tabindex: -1, 'aria-hidden': 'true' });
  const take = async (): Promise<void> => {
    const chosen = file.files?.[0];
    file.value = '';
    if (!chosen || !(await studio.keeper.now())) return;
    const body = new FormData();
    body.set('lock', String(studio.draft.lock));
    body.set('file', chosen);
    const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
    const answer = await fetch(`${studio.base}/workbook`, { method: 'POST', body, headers: { Accept: 'application/json', 'X-CSRFToken': token } }).catch(() => null);
    const found = (await answer?.json().catch(() => null)) as (Changed & { error?: { message: string } }) | null;
    if (found?.lock !== undefined) studio.keeper.took(found);
    const faults = found?.lock === undefined ? found?.faults ?? [] : [];
    told.replaceChildren(...faults.map((each) => h('li', { class: 'wrong' }, `${each.file}:${each.line} ${said(each.message)}`)));
    if (!found || found.error) showToast({ text: found?.error?.message ?? t('连不上服务器。', 'The server cannot be reached.'), tone: 'danger' });
    else if (found.lock !== undefined) showToast({ text: t('工作簿已导入草稿。', 'The workbook is in the draft.'), tone: 'success' });
  };
  file.addEventListener('change', () => void take());
  return h('div', { class: 'whole-note' }, h('div', { class: 'rows-add' }, h('a', { class: 'btn', href: `${studio.base}/workbook`, download: true }, icon('download'), t('导出 Excel', 'Export to Excel')), button(t('导入 Excel', 'Import from Excel'), 'upload', () => file.click()), file), told);
}
