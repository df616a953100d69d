// One condition, written in rows or in words: both kept in step by the server, which knows the language; read aloud beneath.
import { button, h } from '../modeler/dom';
import { ask, Failure } from '../modeler/server';
import { t } from '../shell/words';
import { Builder, complete } from './builder';
import { ExpressionField, told } from './expression';
import type { Studio } from './studio';
import type { Judged, Tree } from './types';

const quietMilliseconds = 350;

export class ConditionField {
  readonly element: HTMLElement;
  private readonly words = h('div', { class: 'wording', role: 'status' });
  private readonly hint = h('p', { class: 'hint', hidden: true });
  private readonly builder: Builder;
  private readonly writing = h('div', { class: 'expression' });
  private readonly field: ExpressionField;
  private readonly modes: HTMLButtonElement[];
  private readonly byRows = h('div', { class: 'by-rows' });
  private asked = 0;
  private timer = 0;
  private rowsKnown: boolean;

  constructor(private readonly studio: Studio, private text: string, label: string, optional: boolean, private readonly each: () => string, special: { name: string; label: string }[], private readonly changed: (text: string) => void, judged?: Judged) {
    this.builder = new Builder({ studio, special, label, changed: () => this.rowsChanged() }, judged?.tree ?? null);
    this.byRows.append(this.builder.element);
    this.rowsKnown = !text || Boolean(judged?.tree);
    this.field = new ExpressionField(this.writing, text, label, studio.base, each, (now) => this.textChanged(now));
    this.modes = [
      h('button', { type: 'button', click: () => this.mode('rows') }, t('逐项填写', 'Rows')),
      h('button', { type: 'button', click: () => this.mode('text') }, t('写成文字', 'In writing')),
    ];
    this.element = h('div', { class: 'condition', role: 'group', 'aria-label': label },
      h('div', { class: 'condition-head' }, h('h4', {}, label, optional ? h('small', {}, t('（可不填）', ' (may be left out)')) : null), h('div', { class: 'segmented', role: 'group', 'aria-label': t(`${label}：写法`, `${label}: how to write it`) }, ...this.modes)),
      this.byRows, this.writing, this.hint, this.words);
    if (optional) this.element.querySelector('.condition-head')?.append(button(t('清空', 'Clear'), 'x', () => this.clear(), true));
    if (judged) this.show(judged);
    else if (text) void this.judge({ expression: text });
    this.mode(this.rowsKnown ? 'rows' : 'text');
  }

  private mode(name: 'rows' | 'text'): void {
    if (name === 'rows' && !this.rowsKnown) {
      this.tellHint(t('文字有误，改好后才能逐项填写。', 'The text is wrong: mend it first, then it can be shown in rows.'));
      name = 'text';
    } else this.tellHint('');
    this.byRows.hidden = name !== 'rows';
    this.writing.hidden = name !== 'text';
    this.modes.forEach((each, index) => each.setAttribute('aria-pressed', String((index === 0) === (name === 'rows'))));
  }

  /** The condition is judged anew, as when what it stands in has changed. */
  again(): void {
    if (this.text) void this.judge({ expression: this.text });
  }

  private clear(): void {
    this.builder.show(null);
    this.field.write('');
    this.set('');
    this.rowsKnown = true;
    this.words.replaceChildren();
  }

  private rowsChanged(): void {
    const tree = this.builder.tree;
    window.clearTimeout(this.timer);
    if (tree && !complete(tree)) {
      this.tellHint(t('填完这一条后写入规则。', 'It is written into the rule as soon as this row is complete.'));
      return;
    }
    this.tellHint('');
    if (!tree) {
      this.field.write('');
      this.words.replaceChildren();
      this.set('');
      return;
    }
    this.timer = window.setTimeout(() => void this.judge({ tree }), quietMilliseconds);
  }

  private textChanged(text: string): void {
    this.set(text.trim());
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.judge({ expression: text.trim() }), quietMilliseconds);
  }

  private set(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.changed(text);
  }

  private async judge(given: { expression: string } | { tree: Tree }): Promise<void> {
    const turn = ++this.asked;
    if ('expression' in given && !given.expression) {
      this.builder.show(null);
      this.rowsKnown = true;
      this.field.mark([]);
      this.words.replaceChildren();
      return;
    }
    try {
      const judged = await ask<Judged>(`${this.studio.base}/judge`, 'POST', { ...given, each: this.each() });
      if (turn !== this.asked) return;
      if ('tree' in given) {
        this.field.write(judged.text);
        this.set(judged.text);
      } else if (judged.tree) this.builder.show(judged.tree);
      this.rowsKnown = Boolean(judged.tree) || 'tree' in given;
      this.show(judged);
    } catch (problem) {
      if (turn === this.asked) this.words.replaceChildren(h('p', { class: 'wrong' }, (problem as Failure).message));
    }
  }

  private show(judged: Judged): void {
    this.field.mark(judged.problems);
    if (judged.words) {
      const many = judged.places > 1 ? t(`（共 ${judged.places} 处，以第一处为例）`, ` (${judged.places} places; the first is shown)`) : '';
      const zh = document.documentElement.lang.startsWith('zh');
      this.words.replaceChildren(h('p', { lang: zh ? 'zh-CN' : 'en' }, zh ? judged.words.zh : judged.words.en, many), h('p', { class: 'quiet', lang: zh ? 'en' : 'zh-CN' }, zh ? judged.words.en : judged.words.zh));
    } else this.words.replaceChildren(...judged.problems.map((each) => h('p', { class: 'wrong' }, told(each))));
  }

  private tellHint(words: string): void {
    this.hint.textContent = words;
    this.hint.hidden = !words;
  }
}
