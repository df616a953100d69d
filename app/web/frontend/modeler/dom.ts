// Small builders of the console's own form controls, each with its label.
import { t } from '../shell/words';
import type { Pair } from './types';

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

export function h<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((each): each is Node | string => Boolean(each)));
  return made;
}

export function icon(name: string): SVGSVGElement {
  const sprite = document.querySelector<SVGUseElement>('svg.icon use')?.getAttribute('href')?.split('#')[0] ?? '';
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

export function button(label: string, symbol: string, act: () => void, quiet = false): HTMLButtonElement {
  const made = h('button', { type: 'button', class: quiet ? 'tool' : 'btn', click: act }, symbol ? icon(symbol) : null, quiet ? null : label);
  if (quiet) {
    made.setAttribute('aria-label', label);
    made.title = label;
  }
  return made;
}

let counter = 0;

export function field(label: string, control: HTMLElement, hint?: string): HTMLDivElement {
  const id = `p-${++counter}`;
  control.id = id;
  if (hint) control.setAttribute('aria-describedby', `${id}-hint`);
  return h('div', { class: 'field' }, h('label', { for: id }, label), control, hint ? h('p', { class: 'hint', id: `${id}-hint` }, hint) : null);
}

export interface Option { value: string; label: string; group?: string }

export function choice(options: Option[], value: string, change: (value: string) => void, none = t('（未选）', '(none)')): HTMLSelectElement {
  const made = h('select', { class: 'form-select', change: () => change(made.value) }, h('option', { value: '' }, none));
  if (value && !options.some((each) => each.value === value)) made.append(h('option', { value }, t(`${value}（未知）`, `${value} (unknown)`)));
  const groups = new Map<string, HTMLOptGroupElement>();
  for (const each of options) {
    const option = h('option', { value: each.value }, each.label);
    if (!each.group) made.append(option);
    else {
      if (!groups.has(each.group)) {
        const group = h('optgroup', { label: each.group });
        groups.set(each.group, group);
        made.append(group);
      }
      groups.get(each.group)?.append(option);
    }
  }
  made.value = value;
  return made;
}

export function input(value: string, change: (value: string) => void, attributes: Attributes = {}): HTMLInputElement {
  const made = h('input', { class: 'form-control', type: 'text', autocomplete: 'off', maxlength: 500, ...attributes, change: () => change(made.value.trim()) });
  made.value = value;
  return made;
}

export function area(value: string, change: (value: string) => void, rows = 2): HTMLTextAreaElement {
  const made = h('textarea', { class: 'form-control', rows, change: () => change(made.value.trim()) });
  made.value = value;
  return made;
}

export function section(title: string, ...children: Child[]): HTMLElement {
  return h('section', { class: 'panel-section' }, h('h3', {}, title), ...children);
}

export function said(pair: Partial<Pair> | undefined): string {
  return t(pair?.zh || pair?.en || '', pair?.en || pair?.zh || '');
}

/** A dialog of one question; resolves with the chosen value, or null where it was closed. */
export function dialog(title: string, body: HTMLElement, choices: { value: string; label: string; primary?: boolean }[]): Promise<string | null> {
  const form = h('form', { method: 'dialog' }, h('header', {}, h('h2', { id: 'editor-dialog-title' }, title)), h('div', { class: 'panel-body' }, body));
  const foot = h('footer', {});
  for (const each of choices) {
    // Enter in a field presses the first button that submits, and that must not be the one that gives up.
    const button = h('button', { type: each.primary ? 'submit' : 'button', value: each.value, class: each.primary ? 'btn btn-primary' : 'btn' }, each.label);
    if (!each.primary) button.addEventListener('click', () => made.close(each.value));
    foot.append(button);
  }
  form.append(foot);
  const made = h('dialog', { class: 'panel', 'aria-labelledby': 'editor-dialog-title' }, form);
  document.body.append(made);
  made.showModal();
  return new Promise((resolve) => {
    made.addEventListener('close', () => {
      made.remove();
      resolve(made.returnValue || null);
    });
  });
}
