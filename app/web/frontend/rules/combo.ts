// A field that is chosen from a list by typing a part of what it is called: the combobox of the ARIA practices.
import { h } from '../modeler/dom';
import { t } from '../shell/words';

export interface Choice { value: string; label: string; hint?: string; group?: string }

let counter = 0;
const most = 80;

/** `choices` may answer later. A value that no choice has stays as it is written when `free`. */
export function combo(options: { value: string; shown: string; label: string; choices: (typed: string) => Choice[] | Promise<Choice[]>; pick: (choice: Choice) => void; free?: boolean; placeholder?: string }): HTMLElement {
  const id = `combo-${++counter}`;
  let shown = options.shown;
  let listed: Choice[] = [];
  let at = 0;
  let asked = 0;
  const list = h('ul', { class: 'combo-list', role: 'listbox', id, 'aria-label': options.label, hidden: true });
  const field = h('input', { class: 'form-control combo-field', type: 'text', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': id, 'aria-autocomplete': 'list', 'aria-label': options.label, autocomplete: 'off', spellcheck: 'false', placeholder: options.placeholder ?? t('输入名称或标签查找', 'Type a name or tag') });
  field.value = shown;
  field.title = shown;
  const close = (): void => {
    list.hidden = true;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };
  const take = (choice: Choice | undefined): void => {
    if (!choice) return;
    shown = choice.label;
    options.value = choice.value;
    field.value = shown;
    field.title = shown;
    close();
    options.pick(choice);
  };
  const mark = (): void => {
    [...list.querySelectorAll('[role=option]')].forEach((each, index) => {
      each.setAttribute('aria-selected', String(index === at));
      if (index === at) {
        field.setAttribute('aria-activedescendant', each.id);
        each.scrollIntoView({ block: 'nearest' });
      }
    });
  };
  const offer = async (): Promise<void> => {
    const turn = ++asked;
    const typed = field.value === shown ? '' : field.value.trim();
    const found = await options.choices(typed);
    if (turn !== asked || document.activeElement !== field) return;
    listed = found.slice(0, most);
    // What was typed in full comes first, without typing what stands there now.
    const wanted = (typed || options.value).toLowerCase();
    at = Math.max(0, listed.findIndex((each) => each.value.toLowerCase() === wanted));
    let group = '';
    list.replaceChildren(...listed.flatMap((each, index) => {
      const line = h('li', { role: 'option', id: `${id}-${index}`, 'aria-selected': 'false', pointerdown: (event) => { event.preventDefault(); take(each); } }, h('span', {}, each.label), each.hint ? h('small', {}, each.hint) : null);
      if (!each.group || each.group === group) return [line];
      group = each.group;
      return [h('li', { class: 'combo-group', role: 'presentation' }, group), line];
    }));
    if (!listed.length) list.replaceChildren(h('li', { class: 'combo-group', role: 'presentation' }, t('没有符合的', 'Nothing fits')));
    list.hidden = false;
    field.setAttribute('aria-expanded', 'true');
    mark();
  };
  field.addEventListener('focus', () => field.select());
  field.addEventListener('click', () => void offer());
  field.addEventListener('input', () => void offer());
  field.addEventListener('blur', () => {
    const typed = field.value.trim();
    if (options.free && typed && typed !== shown) take({ value: typed, label: typed });
    else field.value = shown;
    close();
  });
  field.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (list.hidden) {
      if (event.key === 'ArrowDown') { event.preventDefault(); void offer(); }
      return;
    }
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') at = (at + (event.key === 'ArrowDown' ? 1 : listed.length - 1)) % Math.max(1, listed.length);
    else if (event.key === 'Enter') take(listed[at] ?? (options.free ? { value: field.value.trim(), label: field.value.trim() } : undefined));
    else if (event.key === 'Escape') { field.value = shown; close(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
    mark();
  });
  return h('div', { class: 'combo' }, field, list);
}

/** The choices that hold all words typed. */
export function fitting(choices: Choice[], typed: string): Choice[] {
  const parts = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter((each) => parts.every((part) => `${each.label} ${each.hint ?? ''} ${each.group ?? ''} ${each.value}`.toLowerCase().includes(part)));
}
