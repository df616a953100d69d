// The condition of a flow: chosen from lists or written, read aloud by the server, which knows the language.
import { t } from '../shell/words';
import { area, button, choice, field, h, input, said } from './dom';
import { type Editor, fieldsOf, results } from './editor';
import { refusedConditions } from './rules';
import { ask } from './server';
import { readProperty } from './spiff';
import type { Pair, Shape } from './types';

interface Worded { words?: Pair; problems: { line: number; column: number; message: Pair; nearest: string | null }[] }

const operators: [string, string, string][] = [
  ['==', '等于', 'is'], ['!=', '不等于', 'is not'], ['>', '大于', 'is more than'], ['>=', '不小于', 'is at least'], ['<', '小于', 'is less than'], ['<=', '不大于', 'is at most'],
];

export function conditionEditor(editor: Editor, flow: Shape): HTMLElement {
  const object = flow.businessObject;
  const words = h('p', { class: 'wording', role: 'status' });
  const write = (text: string): void => {
    const condition = text ? editor.create('bpmn:FormalExpression', { body: text }) : undefined;
    if (condition) condition.$parent = object;
    editor.modeling.updateProperties(flow, { conditionExpression: condition });
    void read(text);
  };
  const written = area(object.conditionExpression?.body ?? '', write, 3);
  written.classList.add('code');
  written.spellcheck = false;
  const read = async (text: string): Promise<void> => {
    words.className = 'wording';
    if (!text) {
      words.textContent = '';
      return;
    }
    const answer = await ask<Worded>(`${editor.base}/wording`, 'POST', { expression: text, facts: editor.facts() }).catch(() => null);
    if (written.value.trim() !== text || !answer) return;
    if (answer.words) {
      refusedConditions.delete(text);
      words.textContent = `“${said(answer.words)}”`;
      return;
    }
    words.className = 'wording wrong';
    const told = answer.problems.map((each) => {
      const near = each.nearest ? t(`，是否想写 ${each.nearest}？`, `; did you mean ${each.nearest}?`) : '';
      return t(`第 ${each.line} 行第 ${each.column} 列：${each.message.zh}${near}`, `line ${each.line}, column ${each.column}: ${each.message.en}${near}`);
    });
    words.textContent = told.join('\n');
    refusedConditions.set(text, told.join('；'));
  };
  void read(written.value.trim());
  let timer = 0;
  written.addEventListener('input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void read(written.value.trim()), 400);
  });
  return h('div', {}, simple(editor, (text) => { written.value = written.value.trim() ? `${written.value.trim()} and ${text}` : text; write(written.value); }),
    field(t('条件', 'Condition'), written, t('可用 and、or、not 组合', 'Combine with and, or, not')), completion(editor, written), words);
}

/** Names offered while typing; arrows choose, Enter takes. */
function completion(editor: Editor, written: HTMLTextAreaElement): HTMLElement {
  const list = h('ul', { class: 'completion', role: 'listbox', 'aria-label': t('可用的名字', 'Names that can be used'), hidden: true });
  const names = (): string[] => Object.entries(editor.facts()).flatMap(([name, fields]) => Object.keys(fields).map((key) => `${name}.${key}`));
  let at = 0;
  const stem = (): string => /[\w.]*$/.exec(written.value.slice(0, written.selectionStart))?.[0] ?? '';
  const take = (name: string): void => {
    const end = written.selectionStart;
    written.setRangeText(name, end - stem().length, end, 'end');
    list.hidden = true;
    written.focus();
    written.dispatchEvent(new Event('input'));
  };
  const offer = (): void => {
    const begun = stem();
    const fitting = begun ? names().filter((each) => each.includes(begun) && each !== begun).slice(0, 8) : [];
    at = Math.min(at, Math.max(0, fitting.length - 1));
    list.replaceChildren(...fitting.map((name, index) => h('li', { role: 'option', 'aria-selected': String(index === at), pointerdown: (event) => { event.preventDefault(); take(name); } }, name)));
    list.hidden = fitting.length === 0;
  };
  written.addEventListener('input', offer);
  written.addEventListener('blur', () => { list.hidden = true; });
  written.addEventListener('keydown', (event) => {
    if (list.hidden) return;
    const shown = [...list.children].map((each) => each.textContent ?? '');
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') at = (at + (event.key === 'ArrowDown' ? 1 : shown.length - 1)) % shown.length;
    else if (event.key === 'Enter' || event.key === 'Tab') take(shown[at] ?? '');
    else if (event.key === 'Escape') list.hidden = true;
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (!list.hidden) offer();
  });
  return list;
}

/** Field, comparison, value: three lists, no syntax. */
function simple(editor: Editor, take: (text: string) => void): HTMLElement {
  const facts = editor.facts();
  const options = Object.entries(facts).flatMap(([name, fields]) => Object.keys(fields).map((key) => ({ value: `${name}.${key}`, label: titleOf(editor, name, key), group: name })));
  if (!options.length) return h('p', { class: 'hint' }, t('还没有可用的数据：先给前面的步骤设置结果，或在流程属性里声明。', 'No data yet: give an earlier step a result, or declare data in the properties of the process.'));
  const value = h('div', {});
  const operator = choice(operators.map(([sign, zh, en]) => ({ value: sign, label: t(zh, en) })), '==', () => undefined, '–');
  const picked = choice(options, '', () => redraw());
  let current = (): string => '';
  const redraw = (): void => {
    const [name = '', key = ''] = picked.value.split('.');
    const kind = facts[name]?.[key];
    const values = valuesOf(editor, name, key);
    operator.parentElement!.hidden = kind === 'bool';
    if (kind === 'bool') {
      const made = choice([{ value: 'yes', label: t('是', 'yes') }, { value: 'no', label: t('否', 'no') }], 'yes', () => undefined);
      current = () => (made.value === 'no' ? `not ${picked.value}` : picked.value);
      value.replaceChildren(field(t('值', 'Value'), made));
    } else {
      const made = values.length ? choice(values, values[0]?.value ?? '', () => undefined) : input('', () => undefined, { type: kind === 'number' ? 'number' : kind === 'date' ? 'date' : 'text' });
      const quoted = (): string => (kind === 'number' ? made.value || '0' : kind === 'date' ? `date('${made.value}')` : `'${made.value.replace(/['\\]/g, '')}'`);
      current = () => `${picked.value} ${operator.value || '=='} ${quoted()}`;
      value.replaceChildren(field(t('值', 'Value'), made));
    }
  };
  const box = h('fieldset', { class: 'simple-condition' }, h('legend', {}, t('用列表填写', 'Fill in from lists')), field(t('数据', 'Data'), picked), field(t('比较', 'Comparison'), operator), value,
    button(t('填入条件', 'Put into the condition'), 'plus', () => { if (picked.value) take(current()); }));
  redraw();
  return box;
}

function formOf(editor: Editor, result: string): string {
  const asked = editor.elements.filter((each) => each.type === 'bpmn:UserTask' && results(each.businessObject).includes(result))[0];
  return asked ? readProperty(asked.businessObject, 'form') : '';
}

function titleOf(editor: Editor, name: string, key: string): string {
  const found = [...fieldsOf(editor.draft.forms[formOf(editor, name)]?.components)].find((each) => each.key === key);
  return found?.label ? `${found.label}（${key}）` : key;
}

function valuesOf(editor: Editor, name: string, key: string): { value: string; label: string }[] {
  const found = [...fieldsOf(editor.draft.forms[formOf(editor, name)]?.components)].find((each) => each.key === key);
  return (found?.values ?? []).map((each) => ({ value: each.value, label: each.label ?? each.value }));
}
