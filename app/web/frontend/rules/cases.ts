// The cases of a rule: a record that differs in a few items, and whether the rule must pass it or fire.
import { area, button, choice, field, h, icon, input } from '../modeler/dom';
import { ask } from '../modeler/server';
import { showToast } from '../shell/toasts';
import { t } from '../shell/words';
import { asked } from './asked';
import { combo, fitting } from './combo';
import { valueEditor } from './operands';
import { explanation } from './outcome';
import { said, type Studio } from './studio';
import type { Case, Fault, Item, Outcome } from './types';

export class CasesBox {
  readonly element = h('section', { class: 'cases', 'aria-label': t('用例', 'Cases') });
  private outcomes = new Map<string, Outcome>();
  private faults: Fault[] = [];

  constructor(private readonly studio: Studio, private readonly rule: string, private cases: Case[], private readonly bases: string[]) {
    this.draw();
  }

  private draw(): void {
    const told: HTMLElement[] = [];
    if (!this.cases.some((each) => each.expect === 'passes')) told.push(this.lacking(t('还没有“应通过”的用例', 'There is no passing case yet')));
    if (!this.cases.some((each) => each.expect === 'fires')) told.push(this.lacking(t('还没有“应违反”的用例', 'There is no failing case yet')));
    const run = this.outcomes.size;
    const good = [...this.outcomes.values()].filter((each) => each.good).length;
    this.element.replaceChildren(
      h('header', { class: 'part-head' }, h('h3', {}, t('用例', 'Cases')), run ? h('span', { class: `status tone-${good === run ? 'success' : 'danger'}`, role: 'status' }, t(`${good} / ${run} 个符合`, `${good} of ${run} as expected`)) : null,
        h('span', { class: 'end' }, button(t('加用例', 'Add a case'), 'plus', () => void this.edit(null)), this.cases.length ? button(t('运行全部用例', 'Run all cases'), 'player-play', () => void this.run()) : null)),
      ...told,
      ...this.faults.slice(0, 8).map((each) => h('p', { class: 'wrong' }, `${each.file} ${t('第', 'line')} ${each.line}${t('行', '')} ${each.rule}：${said(each.message)}`)),
      h('ul', { class: 'case-list' }, ...this.cases.map((each, index) => this.line(each, index))));
  }

  private lacking(words: string): HTMLElement {
    return h('p', { class: 'notice tone-warning' }, icon('alert-triangle'), h('span', {}, words));
  }

  private line(each: Case, index: number): HTMLElement {
    const outcome = this.outcomes.get(`${each.file} ${each.index}`);
    const sets = each.set.map(([path, value]) => `${this.called(path)} = ${value === null ? t('（去掉）', '(taken away)') : typeof value === 'object' ? JSON.stringify(value).replace(/"/g, '').replace(/,/g, ', ') : String(value) || t('（空）', '(empty)')}`);
    return h('li', { class: outcome ? (outcome.good ? 'case-good' : 'case-bad') : '' },
      h('div', { class: 'case-line' },
        outcome ? icon(outcome.good ? 'circle-check' : 'circle-x') : icon('circle-dashed'),
        h('span', { class: `status tone-${each.expect === 'fires' ? 'danger' : 'success'}` }, each.expect === 'fires' ? t('应违反', 'fires') : t('应通过', 'passes')),
        h('div', { class: 'case-name' }, h('strong', {}, said(each.name)), h('small', { class: 'quiet' }, [each.base, ...sets].join(' · '))),
        outcome ? h('span', { class: 'case-found' }, outcome.good ? t('符合', 'as expected') : t(`实际违反：${outcome.found.join('、') || '无'}`, `fired: ${outcome.found.join(', ') || 'none'}`)) : null,
        h('span', { class: 'case-acts' },
          button(t(`修改用例：${said(each.name)}`, `Change the case: ${said(each.name)}`), 'edit', () => void this.edit(each), true),
          button(t(`复制用例：${said(each.name)}`, `Copy the case: ${said(each.name)}`), 'copy', () => void this.edit({ ...each, file: undefined, index: undefined, name: { zh: `${each.name.zh}（副本）`, en: `${each.name.en} (copy)` } }), true),
          button(t(`删除用例：${said(each.name)}`, `Remove the case: ${said(each.name)}`), 'trash', () => void this.save('remove_case', { file: each.file, index: each.index }), true))),
      outcome ? h('details', {}, h('summary', {}, t('判断过程', 'How it was judged')), explanation(outcome.explained, index === 0)) : null);
  }

  private called(path: string): string {
    const item = this.studio.item(plainPath(path));
    return item ? `${said(item.label)} ${path}` : path;
  }

  async run(): Promise<void> {
    if (!(await this.studio.keeper.now())) return;
    try {
      const answer = await ask<{ outcomes: Outcome[]; faults: Fault[] }>(`${this.studio.base}/run`, 'POST', { rule: this.rule });
      this.outcomes = new Map(answer.outcomes.map((each) => [`${each.file} ${each.index}`, each]));
      this.faults = answer.faults;
      if (answer.faults.length) showToast({ text: t('规则集还有错误，改好后才能运行用例。', 'The ruleset has faults; mend them before running cases.'), tone: 'warning' });
    } catch (problem) {
      showToast({ text: (problem as Error).message, tone: 'danger' });
    }
    this.draw();
  }

  private async save(what: string, made: object): Promise<void> {
    const answer = await this.studio.keeper.change({ what, id: this.rule, case: made });
    if (!answer) return;
    const found = await ask<{ cases: Case[] }>(`${this.studio.base}/rules/${encodeURIComponent(this.rule)}`);
    this.cases = found.cases;
    const rerun = this.outcomes.size > 0;
    this.outcomes.clear();
    this.faults = [];
    this.draw();
    if (rerun) await this.run();
  }

  private async edit(old: Case | null): Promise<void> {
    const made: Case = old ? structuredClone({ ...old, file: old.file, index: old.index }) : { name: { zh: '', en: '' }, base: this.bases[0] ?? '', set: [], expect: this.cases.some((each) => each.expect === 'passes') ? 'fires' : 'passes', others: [], exactly: false };
    const zh = input(made.name.zh, (value) => { made.name.zh = value; }, { required: true, maxlength: 200 });
    const en = input(made.name.en, (value) => { made.name.en = value; }, { required: true, maxlength: 200 });
    const base = choice(this.bases.map((value) => ({ value, label: value })), made.base, (value) => { made.base = value; });
    base.required = true;
    const expect = choice([{ value: 'passes', label: t('应通过：规则不报错', 'Passes: the rule has no finding') }, { value: 'fires', label: t('应违反：规则报错', 'Fires: the rule has a finding') }], made.expect, (value) => { made.expect = value === 'fires' ? 'fires' : 'passes'; });
    const rows = h('div', { class: 'case-sets' });
    // After an item is chosen its value is what comes next.
    const draw = (next = -1, control = 1): void => {
      rows.replaceChildren(...made.set.map((pair, index) => this.setRow(pair, () => { made.set.splice(index, 1); draw(); }, () => draw(index))), button(t('加一项改动', 'Change an item'), 'plus', () => { made.set.push(['', '']); draw(made.set.length - 1, 0); }));
      rows.children[next]?.querySelectorAll<HTMLElement>('input, select, textarea')[control]?.focus();
    };
    draw();
    const body = h('div', { class: 'case-form' },
      h('div', { class: 'form-pair' }, field(t('名称（中文）', 'Name in Chinese'), zh), field(t('名称（英文）', 'Name in English'), en)),
      h('div', { class: 'form-pair' }, field(t('从哪条基础记录开始', 'Starts from the base record'), base), field(t('期望', 'Expected'), expect)),
      h('h3', {}, t('改动的数据项', 'Items that differ')), rows);
    const chosen = await asked(old?.file ? t('修改用例', 'Change the case') : t('新用例', 'A new case'), body, [{ value: 'no', label: t('取消', 'Cancel') }, { value: 'yes', label: t('保存', 'Save'), primary: true }]);
    if (chosen !== 'yes') return;
    made.name = { zh: zh.value.trim(), en: en.value.trim() || zh.value.trim() };
    made.set = made.set.filter(([path]) => path);
    await this.save('case', made);
  }

  private setRow(pair: [string, unknown], remove: () => void, redraw: () => void): HTMLElement {
    const item = this.studio.item(plainPath(pair[0]));
    const choices = this.studio.names.items.filter((each) => each.shape !== 'set').map((each) => ({ value: numbered(each), label: `${said(each.label)} ${numbered(each)}`, group: said(each.of) || t('信息段与其他', 'Segments and others') }));
    const picker = combo({ value: pair[0], shown: pair[0] ? this.called(pair[0]) : '', label: t('数据项', 'Item'), free: true, choices: (typed) => fitting(choices, typed), pick: (chosen) => {
      pair[0] = chosen.value;
      pair[1] = first(this.studio.item(plainPath(chosen.value)));
      redraw();
    } });
    const gone = h('input', { type: 'checkbox', checked: pair[1] === null, change: () => { pair[1] = gone.checked ? null : first(item); redraw(); } });
    return h('div', { class: 'case-set' }, picker, pair[1] === null ? h('span', { class: 'quiet' }, t('整项去掉', 'taken away')) : this.value(pair, item), h('label', { class: 'check' }, gone, t('去掉', 'Absent')), button(t('删除这项改动', 'Remove'), 'x', remove, true));
  }

  private value(pair: [string, unknown], item: Item | undefined): HTMLElement {
    const label = t('值', 'Value');
    if (typeof pair[1] === 'object' || (item && item.shape !== 'value')) {
      const written = area(JSON.stringify(pair[1]), () => undefined, 3);
      written.classList.add('code');
      written.setAttribute('aria-label', label);
      written.addEventListener('change', () => {
        try {
          pair[1] = JSON.parse(written.value);
          written.setCustomValidity('');
        } catch {
          written.setCustomValidity(t('内容格式有误', 'It is not well formed'));
        }
      });
      return written;
    }
    if (item?.kind === 'bool') return valueEditor(this.studio, pair[1] === true ? 'True' : 'False', 'bool', undefined, label, (value) => { pair[1] = value === 'True'; });
    const whole = item?.kind === 'number' && item.written === false;
    return valueEditor(this.studio, String(pair[1] ?? ''), item?.kind ?? 'text', item, label, (value) => { pair[1] = whole ? Math.trunc(Number(value)) || 0 : value; });
  }
}

function plainPath(path: string): string {
  return path.split('.').filter((part) => !/^\d+$/.test(part)).join('.');
}

/** The path of an item inside a list names an element: the first, until somebody changes the number. */
function numbered(item: Item): string {
  return item.list ? `${item.list}.0${item.path.slice(item.list.length)}` : item.path;
}

function first(item: Item | undefined): unknown {
  if (!item || item.shape === 'value') return item?.kind === 'bool' ? false : item?.kind === 'number' && item.written === false ? 0 : '';
  return item.shape === 'segment' ? {} : [];
}
