// One rule as a form. What is written is kept a moment later; what is shared is shown with the reason why it cannot be changed here.
import { area, button, choice, dialog, field, h, icon, input } from '../modeler/dom';
import { ask } from '../modeler/server';
import { showToast } from '../shell/toasts';
import { t } from '../shell/words';
import { CasesBox } from './cases';
import { combo, fitting } from './combo';
import { ConditionField } from './condition';
import type { RuleList } from './list';
import { said, severities, type Studio, worded } from './studio';
import type { Check, RuleAnswer, RuleForm, SharedRule } from './types';

const special = [['item', '选取到的数据项', 'the selected item'], ['segment', '它所在的信息段', 'its segment'], ['group', '选取到的组', 'the selected group'], ['count_item', '组的个数项', 'the item that counts the group']] as const;

/** Faults name the keys of the text; who reads the form knows their labels. */
function plainer(words: string): string {
  return words.replace(/^require(?=\W)/, t('“必须满足”', '“What must hold”')).replace(/^when(?=\W)/, t('“什么情况下检查”', '“When it is checked”')).replace(/“require”|\brequire（条件文本）/, t('“必须满足”的条件', '“What must hold”'));
}

export class RulePane {
  private form: RuleForm | null = null;
  private opened = '';
  private faults = h('div', { class: 'rule-faults' });
  private conditions: ConditionField[] = [];

  constructor(private readonly studio: Studio, private readonly place: HTMLElement, private readonly list: RuleList) {
    studio.onDraft(() => this.tellFaults());
  }

  /** Show a rule, once all that was written is kept; whether it could be. */
  async open(rule: string): Promise<void> {
    if (!(await this.studio.keeper.now()) && !(await this.givenUp())) {
      showToast({ text: t('还有内容没有保存，请先处理保存提示。', 'Something is not saved yet; deal with that first.'), tone: 'warning' });
      return;
    }
    this.studio.current = rule;
    this.list.draw();
    this.list.reveal();
    if (!rule || !this.studio.draft.readable) return this.nothing();
    // Until the rule has come, what is typed would change the one before.
    this.place.inert = true;
    try {
      const answer = await ask<RuleAnswer>(`${this.studio.base}/rules/${encodeURIComponent(rule)}`);
      if (this.studio.current !== rule) return;
      this.show(rule, answer);
      history.replaceState(null, '', `#${encodeURIComponent(rule)}`);
    } catch (problem) {
      this.place.replaceChildren(h('p', { class: 'wrong studio-empty' }, (problem as Error).message));
    } finally {
      if (this.studio.current === rule) this.place.inert = false;
    }
  }

  /** What the server refuses need not keep anybody here: it can be given up. */
  private async givenUp(): Promise<boolean> {
    if (!this.studio.keeper.refuses) return false;
    const words = h('p', {}, t('这里有内容没有保存：系统不接受。可以留下改好，也可以放弃这处改动。', 'Something here is not saved, since it was not accepted. Stay and mend it, or give it up.'));
    if ((await dialog(t('有内容未保存', 'Something is not saved'), words, [{ value: 'no', label: t('留下', 'Stay') }, { value: 'yes', label: t('放弃改动', 'Give it up'), primary: true }])) !== 'yes') return false;
    this.studio.keeper.forget();
    return this.studio.keeper.now();
  }

  async renew(): Promise<void> {
    const { rules, shared } = this.studio.draft;
    const known = [...rules, ...shared].some((each) => each.id === this.studio.current);
    await this.open(known ? this.studio.current : rules[0]?.id ?? '');
  }

  private nothing(): void {
    this.place.inert = false;
    this.place.replaceChildren(h('div', { class: 'studio-empty' }, icon('list-details'), h('p', {}, this.studio.draft.readable ? t('还没有规则，先新建一条。', 'There is no rule yet; make one.') : t('全文有误，请先在“全文”中改好。', 'The text is wrong; mend it under “Whole text” first.'))));
  }

  private show(rule: string, answer: RuleAnswer): void {
    this.opened = rule;
    this.form = answer.form;
    this.conditions = [];
    const { form, shared } = answer;
    const parts: (HTMLElement | null)[] = [];
    if (form) parts.push(this.head(form, shared), this.faults, shared ? this.shared(shared, true) : null, this.fields(form), this.checks(form, answer), this.notes(form));
    else if (shared) parts.push(this.sharedHead(shared), this.faults, this.shared(shared, false));
    parts.push(new CasesBox(this.studio, rule, answer.cases, answer.bases).element);
    this.place.replaceChildren(...parts.filter((each) => each !== null));
    this.place.scrollTop = 0;
    this.tellFaults();
  }

  private tellFaults(): void {
    const mine = this.studio.draft.faults.filter((each) => each.rule === this.opened && this.opened);
    this.faults.replaceChildren(...mine.slice(0, 12).map((each) => h('p', { class: 'notice tone-danger' }, icon('alert-circle'), h('span', {}, plainer(said(each.message)), h('small', { class: 'quiet' }, ` ${each.file}:${each.line}`)))));
  }

  private keep(): void {
    const form = this.form;
    if (!form) return;
    const id = this.opened;
    this.studio.keeper.later(`rule ${id}`, () => ({ what: 'rule', id, rule: form }));
  }

  private head(form: RuleForm, shared: SharedRule | null): HTMLElement {
    const acts = h('span', { class: 'end' },
      form.extends ? null : button(t('复制', 'Copy'), 'copy', () => void this.list.add(form.id)),
      button(form.extends ? t('删除补充', 'Remove what is added') : t('删除', 'Remove'), 'trash', () => void this.remove(form)));
    return h('header', { class: 'rule-head' }, h('span', { class: 'code' }, form.id), h('h2', {}, said(form.title) || (shared ? said(shared.title) : '') || t('（未命名）', '(untitled)')), acts);
  }

  private called(form: RuleForm): void {
    const title = this.place.querySelector('.rule-head h2');
    if (title) title.textContent = said(form.title) || t('（未命名）', '(untitled)');
  }

  private async remove(form: RuleForm): Promise<void> {
    const question = form.extends ? t('删除对这条共用规则的补充？共用部分和用例不变。', 'Remove what is added to this shared rule? The shared part and the cases stay.') : t(`删除规则 ${form.id} 和它的全部用例？可以撤销。`, `Remove rule ${form.id} with all its cases? It can be undone.`);
    if ((await dialog(t('删除', 'Remove'), h('p', {}, question), [{ value: 'no', label: t('取消', 'Cancel') }, { value: 'yes', label: t('删除', 'Remove'), primary: true }])) !== 'yes') return;
    const next = this.list.neighbour(1) ?? this.list.neighbour(-1) ?? '';
    if (await this.studio.keeper.change({ what: 'remove_rule', id: form.id })) await this.studio.open(next);
  }

  private sharedHead(shared: SharedRule): HTMLElement {
    const [zh, en, tone] = severities[shared.severity] ?? ['', '', 'neutral'];
    return h('header', { class: 'rule-head' }, h('span', { class: 'code' }, shared.id), h('h2', {}, said(shared.title)), h('span', { class: `status tone-${tone}` }, t(zh, en)),
      h('span', { class: 'end' }, button(t('补充检查', 'Add checks'), 'plus', () => void this.extend(shared.id))));
  }

  private async extend(rule: string): Promise<void> {
    const answer = await this.studio.keeper.change({ what: 'extend', id: rule });
    if (answer) await this.studio.open(rule);
  }

  private shared(shared: SharedRule, added: boolean): HTMLElement {
    const why = t(`这条规则来自共用规则 ${shared.fragment}，多个规则集都引入它，这里不能改；${added ? '下面是本规则集的补充。' : '本规则集可以补充检查，不影响其他规则集。'}`,
      `This rule belongs to the shared rules ${shared.fragment}, which several rulesets include; it cannot be changed here. ${added ? 'What this ruleset adds stands below.' : 'This ruleset can add checks of its own without touching the others.'}`);
    const list = h('ol', { class: 'shared-checks' }, ...shared.checks.map((each) => h('li', {}, each.when ? h('span', {}, t('当', 'When '), said(each.when), t('：', ': ')) : null, h('span', {}, said(each.require)))));
    const more = shared.count - shared.checks.length;
    return h('section', { class: 'rule-part' }, h('p', { class: 'notice tone-info' }, icon('lock'), h('span', {}, why)), h('details', { open: !added }, h('summary', {}, t(`共用的检查（${shared.count} 处）`, `Shared checks (${shared.count} places)`)), list, more > 0 ? h('p', { class: 'quiet' }, t(`另有 ${more} 处`, `and ${more} more`)) : null), shared.note ? h('p', { class: 'quiet' }, said(shared.note)) : null);
  }

  private fields(form: RuleForm): HTMLElement | null {
    const text = (value: string, put: (value: string) => void, attributes = {}): HTMLInputElement => {
      const made = input(value, () => undefined, attributes);
      made.addEventListener('input', () => { put(made.value.trim()); this.keep(); });
      return made;
    };
    const select = (values: string[], value: string, put: (value: string) => void): HTMLSelectElement => {
      const made = choice(values.map((each) => ({ value: each, label: worded(each) })), value, (chosen) => { put(chosen); this.keep(); });
      if (value) made.options[0]?.remove();
      return made;
    };
    const title = h('div', { class: 'form-pair' }, field(t('名称（中文）', 'Title in Chinese'), text(form.title.zh, (value) => { form.title.zh = value; this.called(form); })), field(t('名称（英文）', 'Title in English'), text(form.title.en, (value) => { form.title.en = value; this.called(form); })));
    const own = [
      title,
      h('div', { class: 'form-row' },
        field(t('等级', 'Severity'), select(this.studio.choices.severity, form.severity, (value) => { form.severity = value; })),
        field(t('判断依据', 'Judged by'), select(this.studio.choices.stage, form.stage, (value) => { form.stage = value; })),
        field(t('把握', 'Confidence'), select(this.studio.choices.confidence, form.confidence, (value) => { form.confidence = value; })),
        field(t('错误代码', 'Error code'), text(form.code, (value) => { form.code = value; }, { maxlength: 40 })),
        field(t('官方编号', 'Official number'), text(form.number, (value) => { form.number = value; }, { maxlength: 40 })),
        field(t('规则编号', 'Rule id'), this.identity(form))),
    ];
    return form.extends ? null : h('section', { class: 'rule-part', 'aria-label': t('基本信息', 'About the rule') }, ...own);
  }

  private notes(form: RuleForm): HTMLElement {
    const long = (value: string, put: (value: string) => void): HTMLTextAreaElement => {
      const made = area(value, () => undefined, 2);
      made.addEventListener('input', () => { put(made.value.trim()); this.keep(); });
      return made;
    };
    return h('section', { class: 'rule-part', 'aria-label': t('前提规则与说明', 'Needed rules and note') }, h('header', { class: 'part-head' }, h('h3', {}, t('前提规则与说明', 'Needed rules and note'))), this.needs(form),
      h('div', { class: 'form-pair' }, field(t('说明（中文）', 'Note in Chinese'), long(form.note.zh, (value) => { form.note.zh = value; })), field(t('说明（英文）', 'Note in English'), long(form.note.en, (value) => { form.note.en = value; }))));
  }

  private identity(form: RuleForm): HTMLInputElement {
    const made = input(form.id, () => undefined, { maxlength: 60 });
    // An id reaches into the cases: it changes when it is complete, not letter by letter.
    made.addEventListener('change', () => void (async () => {
      const wanted = made.value.trim();
      if (!wanted || wanted === this.opened) { made.value = this.opened; return; }
      const answer = await this.studio.keeper.change({ what: 'rule', id: this.opened, rule: { ...form, id: wanted } });
      if (answer?.rule) await this.studio.open(answer.rule);
      else made.value = this.opened;
    })());
    return made;
  }

  private needs(form: RuleForm): HTMLElement {
    const box = h('div', { class: 'field' });
    const { rules, shared } = this.studio.draft;
    const all = [...rules, ...shared].filter((each) => each.id !== form.id);
    const draw = (): void => {
      const chips = form.needs.map((each, index) => h('li', { class: 'value-chip' }, h('span', {}, `${each} ${said(all.find((line) => line.id === each)?.title)}`), button(t(`去掉 ${each}`, `Take ${each} away`), 'x', () => { form.needs.splice(index, 1); this.keep(); draw(); }, true)));
      const choices = all.filter((each) => !form.needs.includes(each.id)).map((each) => ({ value: each.id, label: `${each.id} ${said(each.title)}` }));
      box.replaceChildren(h('span', { class: 'label' }, t('前提规则：这些规则成立才判断本条', 'Needed rules: judged only where these hold')), h('div', { class: 'value-list' }, chips.length ? h('ul', {}, ...chips) : null,
        combo({ value: '', shown: '', label: t('加前提规则', 'Add a needed rule'), choices: (typed) => fitting(choices, typed), pick: (chosen) => { form.needs.push(chosen.value); this.keep(); draw(); }, placeholder: t('查找规则', 'Find a rule') })));
    };
    draw();
    return box;
  }

  private checks(form: RuleForm, answer: RuleAnswer): HTMLElement {
    const box = h('section', { class: 'rule-part checks', 'aria-label': t('条件', 'Conditions') });
    let judged = answer.judged;
    const blank: Check = { each: '', when: '', require: '', blame: '', code: '' };
    if (!form.checks.length && !form.extends) form.checks.push({ ...blank });
    const draw = (): void => {
      this.conditions = [];
      const several = form.checks.length > 1;
      box.replaceChildren(h('header', { class: 'part-head' }, h('h3', {}, several ? t(`条件（${form.checks.length} 组）`, `Conditions (${form.checks.length})`) : t('条件', 'Conditions')), h('span', { class: 'end' }, button(t('再加一组条件', 'Add a condition set'), 'plus', () => { form.checks.push({ ...blank }); judged = []; draw(); }))),
        ...form.checks.map((check, index) => this.check(check, index, several, judged[index], {
          remove: () => { form.checks.splice(index, 1); judged = []; this.keep(); draw(); },
          copy: () => { form.checks.splice(index + 1, 0, { ...check }); judged = []; this.keep(); draw(); },
        })));
    };
    draw();
    return box;
  }

  private check(check: Check, index: number, several: boolean, judged: RuleAnswer['judged'][number] | undefined, acts: { remove: () => void; copy: () => void }): HTMLElement {
    const each = (): string => check.each;
    const names = check.each ? special.map(([name, zh, en]) => ({ name, label: t(zh, en) })) : [];
    const number = several ? ` ${index + 1}` : '';
    const when = new ConditionField(this.studio, check.when, t(`什么情况下检查${number}`, `When it is checked${number}`), true, each, names, (text) => { check.when = text; this.keep(); }, check.when ? judged?.when : undefined);
    const require = new ConditionField(this.studio, check.require, t(`必须满足${number}`, `What must hold${number}`), false, each, names, (text) => { check.require = text; this.keep(); }, check.require ? judged?.require : undefined);
    this.conditions.push(when, require);
    const known = this.studio.names.items.filter((item) => item.shape !== 'set').map((item) => ({ value: item.path, label: `${said(item.label)} ${item.path}`, group: said(item.of) || t('信息段与其他', 'Segments and others') }));
    const choices = [{ value: '0000', label: t('整条记录 0000', 'The whole record 0000') }, ...known];
    const shown = check.blame ? choices.find((item) => item.value === check.blame)?.label ?? check.blame : '';
    const blame = combo({ value: check.blame, shown, label: t(`问题指向哪个数据项${number}`, `The item that is blamed${number}`), free: true, choices: (typed) => fitting(choices, typed), pick: (chosen) => { check.blame = chosen.value; this.keep(); }, placeholder: t('不选则指向整条记录', 'Left out: the whole record') });
    const selection = input(check.each, () => undefined, { class: 'form-control code', placeholder: 'of: item, types: [D]', maxlength: 900 });
    selection.addEventListener('change', () => { check.each = selection.value.trim(); this.keep(); when.again(); require.again(); });
    return h('article', { class: 'check-box', 'aria-label': t(`条件${number}`, `Conditions${number}`) },
      several ? h('header', { class: 'check-head' }, h('span', { class: 'check-number' }, String(index + 1)), h('span', { class: 'end' }, button(t(`复制第 ${index + 1} 组条件`, `Copy condition set ${index + 1}`), 'copy', acts.copy, true), button(t(`删除第 ${index + 1} 组条件`, `Remove condition set ${index + 1}`), 'trash', acts.remove, true))) : null,
      when.element, require.element,
      h('div', { class: 'field blame' }, h('span', { class: 'label' }, t('问题指向', 'Blames')), blame),
      h('details', { open: Boolean(check.each) }, h('summary', {}, t('对一批数据项逐一判断（高级）', 'For each of many items (advanced)')), field(t('选取范围', 'Selection'), selection, t('如 of: item, types: [D] 选取全部日期项，条件中用 item 指代。', 'Such as of: item, types: [D] for all dates; the conditions then speak of item.'))));
  }
}
