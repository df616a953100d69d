// One side of a comparison: an item by its name, a value that fits it, a function of items, or a formula in writing.
import { h } from '../modeler/dom';
import { ask } from '../modeler/server';
import { t } from '../shell/words';
import { combo, type Choice, fitting } from './combo';
import { said, type Scope, type Studio } from './studio';
import type { CodeValue, Item, Operand } from './types';

export const calls: Record<string, { label: [string, string]; kinds: string[]; result: string }> = {
  days: { label: ['天数（从…到…）', 'days from … to …'], kinds: ['date', 'date'], result: 'number' },
  workdays: { label: ['工作日数（从…到…）', 'working days from … to …'], kinds: ['date', 'date'], result: 'number' },
  months: { label: ['月数（从…到…）', 'months from … to …'], kinds: ['month', 'month'], result: 'number' },
  month: { label: ['…所在月份', 'the month of …'], kinds: ['date'], result: 'month' },
  len: { label: ['…的字符数', 'characters of …'], kinds: ['text'], result: 'number' },
  left: { label: ['…的前几位', 'the first characters of …'], kinds: ['text', 'number'], result: 'text' },
  abs: { label: ['…的绝对值', 'the absolute value of …'], kinds: ['number'], result: 'number' },
  or_zero: { label: ['…（无值按 0）', '… (0 if empty)'], kinds: ['number'], result: 'number' },
  count: { label: ['…的条数', 'how many …'], kinds: ['group'], result: 'number' },
};

export interface Place { studio: Studio; scope: Scope; change: () => void; redraw: () => void; special: { name: string; label: string }[] }

export function kindOf(studio: Studio, scope: Scope, operand: Operand): string {
  if (operand.kind === 'item') {
    const item = studio.item(operand.path, scope);
    return item ? (item.shape === 'value' ? item.kind ?? 'text' : item.shape) : operand.path ? 'text' : '';
  }
  if (operand.kind === 'value') return operand.type;
  if (operand.kind === 'call') return calls[operand.name]?.result ?? 'number';
  return operand.kind === 'name' ? 'text' : 'number';
}

/** How an item is shown: what it is called, and its tag. */
export function nameOf(place: Place, path: string): string {
  const item = place.studio.item(path, place.scope);
  const special = place.special.find((each) => each.name === path);
  return item ? `${said(item.label)} ${path}` : special ? `${special.label} ${path}` : path;
}

export function itemPicker(place: Place, path: string, label: string, wanted: (item: Item) => boolean, pick: (path: string) => void): HTMLElement {
  const choices = (): Choice[] => [
    ...place.special.map((each) => ({ value: each.name, label: `${each.label} ${each.name}`, group: t('选取范围', 'The selection') })),
    ...place.studio.items(place.scope).filter((each) => wanted(each.item)).map((each) => ({ value: each.name, label: `${said(each.item.label)} ${each.name}`, group: said(each.item.of) || t('信息段与其他', 'Segments and others') })),
  ];
  return combo({ value: path, shown: path ? nameOf(place, path) : '', label, choices: (typed) => fitting(choices(), typed), pick: (choice) => pick(choice.value) });
}

export function operandEditor(place: Place, operand: Operand, label: string, kind: string, valueFor: Item | undefined, put: (operand: Operand) => void, inside = false): HTMLElement {
  const modes: [string, string][] = [['item', t('数据项', 'Item')]];
  if (kind || operand.kind === 'value') modes.push(['value', t('值', 'Value')]);
  if (!inside) for (const [name, each] of Object.entries(calls)) if (!kind || each.result === kind) modes.push([`call:${name}`, t(...each.label)]);
  modes.push(['formula', t('算式', 'Formula')]);
  if (operand.kind === 'name') modes.push(['name', operand.name]);
  const mode = operand.kind === 'call' ? `call:${operand.name}` : operand.kind;
  const select = h('select', { class: `form-select operand-mode${operand.kind === 'call' ? ' of-call' : ''}`, 'aria-label': t(`${label}：来源`, `${label}: what it is`) }, ...modes.map(([value, words]) => h('option', { value, selected: value === mode }, words)));
  if (!modes.some(([value]) => value === mode)) select.append(h('option', { value: mode, selected: true }, mode));
  select.addEventListener('change', () => {
    const [chosen = '', name = ''] = select.value.split(':');
    if (chosen === 'item') put({ kind: 'item', path: '' });
    else if (chosen === 'value') put({ kind: 'value', type: valueKind(kind), value: '' });
    else if (chosen === 'call') put({ kind: 'call', name, operands: (calls[name]?.kinds ?? []).map((each) => (each === 'number' && name === 'left' ? { kind: 'value', type: 'number', value: '2' } : { kind: 'item', path: '' })) });
    else put({ kind: 'formula', text: '' });
    place.redraw();
  });
  const box = h('div', { class: 'operand' }, select);
  if (operand.kind === 'item') box.append(itemPicker(place, operand.path, label, (item) => fits(item, kind), (path) => { operand.path = path; put(operand); place.redraw(); }));
  else if (operand.kind === 'value') box.append(valueEditor(place.studio, operand.value, operand.type, valueFor, label, (value) => { operand.value = value; put(operand); }));
  else if (operand.kind === 'call') {
    operand.operands.forEach((each, index) => {
      const wanted = calls[operand.name]?.kinds[index] ?? '';
      const words = t(`${label} ${index + 1}`, `${label} ${index + 1}`);
      if (each.kind === 'item') box.append(itemPicker(place, each.path, words, (item) => fits(item, wanted), (path) => { each.path = path; put(operand); place.redraw(); }));
      else box.append(operandEditor(place, each, words, wanted, undefined, (made) => { operand.operands[index] = made; put(operand); }, true));
    });
  } else if (operand.kind === 'formula') {
    const field = h('input', { class: 'form-control code', type: 'text', 'aria-label': label, spellcheck: 'false', maxlength: 2000 });
    field.value = operand.text;
    field.addEventListener('change', () => { operand.text = field.value.trim(); put(operand); });
    box.append(field);
  }
  return box;
}

function valueKind(kind: string): string {
  return ['number', 'date', 'month', 'bool'].includes(kind) ? kind : 'text';
}

function fits(item: Item, kind: string): boolean {
  if (kind === 'group') return item.shape === 'group' || item.shape === 'texts';
  if (!kind) return item.shape !== 'set';
  // Every written item can be read as text, such as for its length.
  return item.shape === 'value' && (item.kind === kind || (kind === 'text' && item.kind !== 'bool'));
}

/** A field that fits the kind of a value: number, date, month, a code with its meaning, or text. */
export function valueEditor(studio: Studio, value: string, kind: string, item: Item | undefined, label: string, put: (value: string) => void): HTMLElement {
  if (kind === 'text' && item?.codes?.length) return codePicker(studio, value, item, label, put);
  if (kind === 'bool') {
    const made = h('select', { class: 'form-select', 'aria-label': label }, h('option', { value: 'True', selected: value === 'True' }, t('是', 'yes')), h('option', { value: 'False', selected: value === 'False' }, t('否', 'no')));
    if (!value) made.prepend(h('option', { value: '', selected: true }, '–'));
    made.addEventListener('change', () => put(made.value));
    return made;
  }
  const type = { number: 'text', date: 'date', month: 'month' }[kind] ?? 'text';
  const made = h('input', { class: 'form-control', type, inputmode: kind === 'number' ? 'decimal' : null, 'aria-label': label, maxlength: 400, autocomplete: 'off', min: kind === 'date' ? '1901-01-01' : null, max: kind === 'date' ? '2099-12-31' : null });
  made.value = value;
  made.addEventListener(kind === 'text' || kind === 'number' ? 'input' : 'change', () => put(made.value.trim()));
  return made;
}

export function codePicker(studio: Studio, value: string, item: Item, label: string, put: (value: string) => void): HTMLElement {
  const choice = (each: CodeValue): Choice => ({ value: each.value, label: `${each.value} ${said(each)}` });
  const choices = async (typed: string): Promise<Choice[]> => {
    const found: Choice[] = [];
    for (const name of item.codes ?? []) {
      const table = studio.table(name);
      if (table && !table.large) found.push(...fitting(table.values.map(choice), typed));
      else found.push(...(await ask<{ values: CodeValue[] }>(`${studio.base}/codes`, 'POST', { table: name, wanted: typed })).values.map(choice));
    }
    return found.filter((each, index) => found.findIndex((other) => other.value === each.value) === index);
  };
  const meaning = studio.meaning(item, value);
  return combo({ value, shown: meaning ? `${value} ${meaning}` : value, label, choices, pick: (chosen) => put(chosen.value), free: true, placeholder: t('选代码', 'Choose a code') });
}
