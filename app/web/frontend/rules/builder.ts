// A condition as rows: item, comparison, value; groups of rows; questions about every element of a group. What rows cannot show stays text.
import { button, h, icon } from '../modeler/dom';
import { t } from '../shell/words';
import { codePicker, itemPicker, kindOf, nameOf, operandEditor, type Place, valueEditor } from './operands';
import { said, type Scope, type Studio } from './studio';
import type { Compare, Each, Group, Item, Member, Operand, Test, Tree } from './types';

const signs: [string, [string, string], [string, string]][] = [
  ['==', ['等于', 'is'], ['等于', 'is']], ['!=', ['不等于', 'is not'], ['不等于', 'is not']],
  ['>', ['大于', 'is more than'], ['晚于', 'is after']], ['>=', ['不小于', 'is at least'], ['不早于', 'is not before']],
  ['<', ['小于', 'is less than'], ['早于', 'is before']], ['<=', ['不大于', 'is at most'], ['不晚于', 'is not after']],
];
const tests: Record<string, [string, string]> = {
  filled: ['有值', 'is filled'], empty: ['无值', 'is empty'], has: ['出现', 'is present'], '!has': ['不出现', 'is absent'], has_items: ['内有数据项', 'holds an item'],
  known: ['有可用的值', 'can be read'], conforms: ['符合规定格式', 'has its form'], is_date: ['是有效日期', 'is a real date'], starts: ['以…开头', 'begins with'], digits: ['为…位数字', 'has … digits'],
  matches: ['符合正则式', 'matches'], true: ['为“是”', 'is true'], '!true': ['为“否”', 'is not true'], valid_person_number: ['（证件类型）对应的个人证件号码有效：', '(document type) has a valid personal number:'], valid_organisation_number: ['（标识类型）对应的企业标识有效：', '(type) has a valid organisation number:'],
};

export interface Context { studio: Studio; special: { name: string; label: string }[]; changed: () => void; label: string }

export function emptyRow(): Compare {
  return { kind: 'compare', operator: '==', left: { kind: 'item', path: '' }, right: { kind: 'value', type: 'text', value: '' } };
}

/** Whether every place of the rows is filled in, so that they can be written as text. */
export function complete(tree: Tree | null): boolean {
  if (!tree) return true;
  switch (tree.kind) {
    case 'group': return tree.terms.length > 0 && tree.terms.every(complete);
    case 'each': return Boolean(tree.over) && complete(tree.such) && complete(tree.body);
    case 'compare': return filled(tree.left) && filled(tree.right);
    case 'member': return filled(tree.item) && (tree.container !== undefined ? Boolean(tree.container) : Boolean(tree.values?.length));
    case 'test': return tree.operands.every(filled);
    default: return Boolean(tree.text.trim());
  }
}

function filled(operand: Operand): boolean {
  switch (operand.kind) {
    case 'item': return Boolean(operand.path);
    case 'call': return operand.operands.every(filled);
    case 'value': return operand.type === 'text' ? operand.value !== '' : Boolean(operand.value.trim());
    case 'name': return true;
    default: return Boolean(operand.text.trim());
  }
}

export class Builder {
  readonly element = h('div', { class: 'builder' });
  private root: Group;

  constructor(private readonly context: Context, tree: Tree | null) {
    this.root = asGroup(tree);
    this.draw();
  }

  show(tree: Tree | null): void {
    this.root = asGroup(tree);
    this.draw();
  }

  /** The condition as it stands now; null for none. */
  get tree(): Tree | null {
    return this.root.terms.length ? this.root : null;
  }

  private draw(): void {
    const back = remembered(this.element);
    this.element.replaceChildren(this.group(this.root, [], null));
    back();
  }

  private redraw = (): void => {
    this.draw();
    this.context.changed();
  };

  private place(scope: Scope): Place {
    return { studio: this.context.studio, scope, change: this.context.changed, redraw: this.redraw, special: this.context.special };
  }

  private condition(tree: Tree, scope: Scope, put: (tree: Tree) => void, remove: () => void): HTMLElement {
    if (tree.kind === 'group') return this.group(tree, scope, remove);
    if (tree.kind === 'each') return this.each(tree, scope, remove);
    if (tree.kind === 'text') return this.written(tree, remove);
    return this.row(tree, scope, put, remove);
  }

  private group(group: Group, scope: Scope, remove: (() => void) | null): HTMLElement {
    const ways: [string, string][] = [['and', t('以下全部满足', 'All of these hold')], ['or', t('以下至少一条满足', 'At least one of these holds')], ['not or', t('以下都不满足', 'None of these holds')], ['not and', t('以下不全满足', 'Not all of these hold')]];
    const way = `${group.negated ? 'not ' : ''}${group.join}`;
    const select = h('select', { class: 'form-select rows-way', 'aria-label': t('这一组怎样算满足', 'When this group holds') }, ...ways.map(([value, words]) => h('option', { value, selected: value === way }, words)));
    select.addEventListener('change', () => {
      group.negated = select.value.startsWith('not');
      group.join = select.value.endsWith('or') ? 'or' : 'and';
      this.context.changed();
    });
    const rows = group.terms.map((term, index) => this.condition(term, scope, (made) => { group.terms[index] = made; }, () => { group.terms.splice(index, 1); this.redraw(); }));
    const add = (made: Tree): void => { group.terms.push(made); this.draw(); };
    const plain = group.terms.length < 2 && remove === null && !group.negated;
    return h('div', { class: `rows${remove ? ' rows-inner' : ''}`, role: 'group', 'aria-label': remove ? t('一组条件', 'A group of conditions') : this.context.label },
      plain ? null : h('div', { class: 'rows-head' }, select, remove ? button(t('删除这一组', 'Remove this group'), 'x', remove, true) : null),
      ...rows,
      h('div', { class: 'rows-add' },
        button(t('加条件', 'Add a condition'), 'plus', () => add(emptyRow())),
        button(t('加一组', 'Add a group'), 'plus', () => add({ kind: 'group', join: group.join === 'and' ? 'or' : 'and', negated: false, terms: [emptyRow()] })),
        this.groups(scope).length ? button(t('加组内判断', 'Ask about a list'), 'plus', () => add(this.newEach(scope))) : null));
  }

  private groups(scope: Scope): { name: string; item: Item }[] {
    return this.context.studio.items(scope).filter((each) => each.item.shape === 'group');
  }

  private newEach(scope: Scope): Each {
    const variable = ['p', 'q', 'r', 's', 'u', 'v'].find((name) => !scope.some((each) => each.name === name)) ?? 'w';
    return { kind: 'each', quantifier: 'all', negated: false, over: '', variable, such: null, body: { kind: 'group', join: 'and', negated: false, terms: [emptyRow()] } };
  }

  private each(tree: Each, scope: Scope, remove: () => void): HTMLElement {
    const ways: [string, string][] = [['all', t('每一条都满足', 'every one does')], ['any', t('至少一条满足', 'at least one does')], ['not any', t('没有一条满足', 'none does')], ['not all', t('不是每一条都满足', 'not every one does')]];
    const way = `${tree.negated ? 'not ' : ''}${tree.quantifier}`;
    const select = h('select', { class: 'form-select', 'aria-label': t('多少条满足', 'How many do') }, ...ways.map(([value, words]) => h('option', { value, selected: value === way }, words)));
    select.addEventListener('change', () => {
      tree.negated = select.value.startsWith('not');
      tree.quantifier = select.value.endsWith('any') ? 'any' : 'all';
      this.context.changed();
    });
    const item = this.context.studio.item(tree.over, scope);
    const inner: Scope = item ? [...scope, { name: tree.variable, list: item.path }] : scope;
    const picker = itemPicker(this.place(scope), tree.over, t('哪一组', 'Which list'), (each) => each.shape === 'group', (path) => { tree.over = path; this.redraw(); });
    const inside = (part: Tree | null, change: (made: Tree | null) => void, label: string): HTMLElement => {
      const group = asGroup(part);
      if (part !== group) change(group);
      return h('div', { class: 'each-part' }, h('p', { class: 'rows-label' }, label), this.group(group, inner, null));
    };
    return h('div', { class: 'rows rows-inner rows-each', role: 'group', 'aria-label': t('组内判断', 'A question about a list') },
      h('div', { class: 'rows-head' }, picker, select, button(t('删除组内判断', 'Remove this question'), 'x', remove, true)),
      tree.over && item ? inside(tree.body, (made) => { if (made) tree.body = made; }, t('要满足的条件', 'What has to hold')) : null,
      tree.over && item && tree.such ? inside(tree.such, (made) => { tree.such = made; }, t('只看符合以下条件的', 'Only those for which')) : null,
      tree.over && item ? h('div', { class: 'rows-add' }, tree.such
        ? button(t('看全部', 'Look at all'), 'x', () => { tree.such = null; this.redraw(); })
        : button(t('只看其中一部分', 'Look at some only'), 'filter', () => { tree.such = { kind: 'group', join: 'and', negated: false, terms: [emptyRow()] }; this.draw(); })) : null);
  }

  private written(tree: Tree & { kind: 'text' }, remove: () => void): HTMLElement {
    const field = h('input', { class: 'form-control code', type: 'text', 'aria-label': t('用文字写的条件', 'A condition in writing'), spellcheck: 'false', maxlength: 3000 });
    field.value = tree.text;
    field.addEventListener('change', () => { tree.text = field.value.trim(); this.context.changed(); });
    return h('div', { class: 'row-line row-written' }, h('span', { class: 'row-note' }, icon('info-circle'), t('这一条逐项填写表达不了，保留文字', 'Rows cannot show this one; it stays text')), field, button(t('删除', 'Remove'), 'x', remove, true));
  }

  private row(tree: Compare | Member | Test, scope: Scope, put: (tree: Tree) => void, remove: () => void): HTMLElement {
    const here = this.place(scope);
    const left = subject(tree);
    const kind = kindOf(here.studio, scope, left);
    const item = left.kind === 'item' ? here.studio.item(left.path, scope) : undefined;
    const setLeft = (made: Operand): void => {
      const changed = kindOf(here.studio, scope, made);
      put(changed === kind && sameItem(left, made) ? withSubject(tree, made) : fresh(here, scope, made, tree));
      this.context.changed();
    };
    const line = h('div', { class: 'row-line' });
    line.append(operandEditor(here, left, t('数据项', 'Item'), '', undefined, setLeft));
    if (kind) line.append(this.sign(tree, kind, item, scope, put), ...this.right(tree, kind, item, scope, put));
    line.append(button(t('删除这一条', 'Remove this row'), 'x', remove, true));
    return line;
  }

  private sign(tree: Compare | Member | Test, kind: string, item: Item | undefined, scope: Scope, put: (tree: Tree) => void): HTMLElement {
    const now = signOf(tree);
    const offered = signsFor(kind, item, subject(tree).kind === 'item');
    if (!offered.some(([value]) => value === now)) offered.push([now, tests[now] ? t(...tests[now]) : now]);
    const select = h('select', { class: 'form-select row-sign', 'aria-label': t('比较', 'Comparison') }, ...offered.map(([value, words]) => h('option', { value, selected: value === now }, words)));
    select.addEventListener('change', () => { put(made(tree, select.value, kind, item, this.place(scope))); this.redraw(); });
    return select;
  }

  private right(tree: Compare | Member | Test, kind: string, item: Item | undefined, scope: Scope, put: (tree: Tree) => void): HTMLElement[] {
    const here = this.place(scope);
    const label = t('值', 'Value');
    if (tree.kind === 'compare') {
      return [operandEditor(here, tree.right, label, kind, item, (made) => { tree.right = made; put(tree); this.context.changed(); })];
    }
    if (tree.kind === 'member') return [tree.container !== undefined ? this.containers(tree, item, scope) : this.values(tree, kind, item)];
    return tree.operands.slice(1).map((operand, index) => {
      if (operand.kind === 'value') return valueEditor(here.studio, operand.value, operand.type, undefined, label, (value) => { operand.value = value; this.context.changed(); });
      return operandEditor(here, operand, label, 'text', undefined, (made) => { tree.operands[index + 1] = made; this.context.changed(); }, true);
    });
  }

  private containers(tree: Member, item: Item | undefined, scope: Scope): HTMLElement {
    const studio = this.context.studio;
    const names: [string, string][] = [
      ...(item?.codes ?? []).map((name): [string, string] => [`codes.${name}`, said(studio.table(name)?.label) || name]),
      ...studio.items(scope).filter((each) => each.item.shape === 'set' || each.item.shape === 'texts').map((each): [string, string] => [each.name, said(each.item.label)]),
    ];
    for (const each of studio.names.table_names) if (!names.some(([name]) => name === `codes.${each.name}`)) names.push([`codes.${each.name}`, said(each.label)]);
    if (tree.container && !names.some(([name]) => name === tree.container)) names.unshift([tree.container, tree.container]);
    const select = h('select', { class: 'form-select row-container', 'aria-label': t('代码表或名录', 'Code table or register') }, h('option', { value: '' }, t('请选择', 'Choose')), ...names.map(([value, words]) => h('option', { value, selected: value === tree.container }, `${words} ${value}`)));
    select.addEventListener('change', () => { tree.container = select.value; this.context.changed(); });
    return select;
  }

  private values(tree: Member, kind: string, item: Item | undefined): HTMLElement {
    const studio = this.context.studio;
    const values = (tree.values ??= []);
    const add = (value: string): void => {
      if (value && !values.includes(value)) values.push(value);
      this.redraw();
    };
    const chips = values.map((value, index) => {
      const meaning = studio.meaning(item, value);
      return h('li', { class: 'value-chip' }, h('span', {}, meaning ? `${value} ${meaning}` : value), button(t(`去掉 ${value}`, `Take ${value} away`), 'x', () => { values.splice(index, 1); this.redraw(); }, true));
    });
    const label = t('再加一个值', 'Add a value');
    let adder: HTMLElement;
    if (kind === 'text' && item?.codes?.length) adder = codePicker(studio, '', item, label, add);
    else {
      const field = valueEditor(studio, '', kind, undefined, label, () => undefined) as HTMLInputElement;
      field.placeholder = t('输入后回车', 'Type, then Enter');
      field.addEventListener('change', () => add(field.value.trim()));
      field.addEventListener('keydown', (event) => { if (event.key === 'Enter' && !event.isComposing) add(field.value.trim()); });
      adder = field;
    }
    return h('div', { class: 'value-list' }, chips.length ? h('ul', {}, ...chips) : null, adder);
  }
}

function asGroup(tree: Tree | null): Group {
  if (tree?.kind === 'group' && !tree.negated) return tree;
  return { kind: 'group', join: 'and', negated: false, terms: tree ? [tree] : [] };
}

function subject(tree: Compare | Member | Test): Operand {
  return tree.kind === 'compare' ? tree.left : tree.kind === 'member' ? tree.item : tree.operands[0] ?? { kind: 'item', path: '' };
}

function withSubject(tree: Compare | Member | Test, operand: Operand): Tree {
  if (tree.kind === 'compare') return Object.assign(tree, { left: operand });
  if (tree.kind === 'member') return Object.assign(tree, { item: operand });
  tree.operands[0] = operand;
  return tree;
}

function sameItem(before: Operand, after: Operand): boolean {
  return before === after || before.kind !== 'item' || after.kind !== 'item';
}

function fresh(here: Place, scope: Scope, operand: Operand, old: Compare | Member | Test): Tree {
  const kind = kindOf(here.studio, scope, operand);
  if (kind === 'bool') return { kind: 'test', negated: false, test: 'true', operands: [operand] };
  if (kind === 'segment' || kind === 'group' || kind === 'texts') return { kind: 'test', negated: false, test: 'has', operands: [operand] };
  if (old.kind === 'test' && old.operands.length === 1 && ['filled', 'empty', 'has'].includes(old.test) && kind) return { ...old, operands: [operand] };
  const operator = old.kind === 'compare' ? old.operator : '==';
  return { kind: 'compare', operator, left: operand, right: { kind: 'value', type: ['number', 'date', 'month'].includes(kind) ? kind : 'text', value: '' } };
}

function signOf(tree: Compare | Member | Test): string {
  if (tree.kind === 'compare') return tree.operator;
  if (tree.kind === 'member') return `${tree.negated ? 'not ' : ''}${tree.container !== undefined ? 'in:table' : 'in'}`;
  return `${tree.negated ? '!' : ''}${tree.test}`;
}

function signsFor(kind: string, item: Item | undefined, isItem: boolean): [string, string][] {
  if (kind === 'segment') return [['has', t('出现', 'is present')], ['!has', t('不出现', 'is absent')], ['has_items', t(...tests.has_items!)]];
  if (kind === 'group' || kind === 'texts') return [['has', t('至少有一条', 'has an element')], ['!has', t('一条也没有', 'has no element')]];
  if (kind === 'bool') return [['true', t(...tests.true!)], ['!true', t(...tests['!true']!)]];
  const time = kind === 'date' || kind === 'month';
  const offered: [string, string][] = signs.filter(([sign]) => kind !== 'text' || sign === '==' || sign === '!=' || !item?.codes?.length).map(([sign, plain, ofTime]) => [sign, t(...(time ? ofTime : plain))]);
  offered.push(['in', t('是下列之一', 'is one of')], ['not in', t('不是下列任何一个', 'is none of')]);
  if (isItem) offered.push(['filled', t(...tests.filled!)], ['empty', t(...tests.empty!)], ['has', t('标签出现', 'has its tag')], ['!has', t('标签不出现', 'has no tag')]);
  if (kind === 'text') offered.push(['in:table', t('属于代码表或名录', 'is in a table or register')], ['not in:table', t('不属于代码表或名录', 'is not in a table or register')]);
  if (isItem) offered.push(['starts', t(...tests.starts!)], ['digits', t(...tests.digits!)], ['matches', t(...tests.matches!)], ['known', t(...tests.known!)]);
  return offered;
}

function made(tree: Compare | Member | Test, sign: string, kind: string, item: Item | undefined, here: Place): Tree {
  const operand = subject(tree);
  if (signs.some(([each]) => each === sign)) {
    const right: Operand = tree.kind === 'compare' ? tree.right : { kind: 'value', type: ['number', 'date', 'month'].includes(kind) ? kind : 'text', value: tree.kind === 'member' ? tree.values?.[0] ?? '' : '' };
    return { kind: 'compare', operator: sign, left: operand, right };
  }
  const negated = sign.startsWith('not ') || sign.startsWith('!');
  if (sign.endsWith('in:table')) return { kind: 'member', negated, item: operand, container: item?.codes?.[0] ? `codes.${item.codes[0]}` : '' };
  if (sign.endsWith('in')) {
    const first = tree.kind === 'compare' && tree.right.kind === 'value' && tree.right.value ? [tree.right.value] : [];
    return { kind: 'member', negated, item: operand, type: kind, values: tree.kind === 'member' ? tree.values ?? [] : first };
  }
  const test = sign.replace('!', '');
  const more: Operand[] = test === 'starts' || test === 'matches' ? [{ kind: 'value', type: 'text', value: '' }] : test === 'digits' ? [{ kind: 'value', type: 'number', value: '' }] : [];
  void here;
  return { kind: 'test', negated, test, operands: [operand, ...more] };
}

function controls(element: Element): HTMLElement[] {
  return [...element.querySelectorAll<HTMLElement>('input, select, button')];
}

/** After all is drawn anew the focus goes to the control of the same name, in the same place among those. */
function remembered(element: Element): () => void {
  const active = document.activeElement;
  if (!active || !element.contains(active)) return () => undefined;
  const named = (each: Element): string => each.getAttribute('aria-label') ?? each.textContent ?? '';
  const name = named(active);
  const at = controls(element).filter((each) => named(each) === name).indexOf(active as HTMLElement);
  return () => {
    const same = controls(element).filter((each) => named(each) === name);
    (same[Math.min(at, same.length - 1)] ?? controls(element)[0])?.focus();
  };
}

export { nameOf };
