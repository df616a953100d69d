// Try the draft on a record: a base record with a few items changed, a pasted one, or one that is stored in the lake.
import { button, choice, field, h, input } from '../modeler/dom';
import { ask } from '../modeler/server';
import { t } from '../shell/words';
import { explanation, outcomeMark } from './outcome';
import { said, severities, type Studio } from './studio';
import type { Explained, Fault } from './types';

interface Tried { rules: Explained[]; faults: Fault[]; record?: { id: string; key: string; batch: string } }

export class TryPane {
  private bases: string[] = [];
  private drawn = false;
  private readonly results = h('div', { class: 'try-results', role: 'region', 'aria-label': t('试判结果', 'Results') });

  constructor(private readonly studio: Studio, private readonly place: HTMLElement) {}

  async show(): Promise<void> {
    if (this.drawn) return;
    this.drawn = true;
    const first = this.studio.draft.rules[0]?.id ?? this.studio.draft.shared[0]?.id;
    if (first) this.bases = (await ask<{ bases: string[] }>(`${this.studio.base}/rules/${encodeURIComponent(first)}`).catch(() => ({ bases: [] }))).bases;
    this.draw();
  }

  private draw(): void {
    const which = choice([{ value: 'one', label: t('当前规则', 'The rule that is open') }, { value: 'all', label: t('草稿的全部规则', 'All rules of the draft') }], 'all', () => undefined);
    which.options[0]?.remove();
    const sources: [string, string][] = [['base', t('基础记录', 'A base record')], ['text', t('粘贴记录', 'A pasted record')], ['record', t('已存记录', 'A stored record')]];
    const source = choice(sources.map(([value, label]) => ({ value, label })), this.bases.length ? 'base' : 'text', () => turn());
    source.options[0]?.remove();
    const base = choice(this.bases.map((value) => ({ value, label: value })), this.bases[0] ?? '', () => undefined);
    const written = h('textarea', { class: 'form-control code', rows: 10, spellcheck: 'false', maxlength: 200000, placeholder: 'B.AcctType: D1\nB.RptDateCode: 10' });
    const number = input('', () => undefined, { maxlength: 200 });
    const baseField = field(t('从哪条开始', 'Starts from'), base);
    const textField = field(t('数据项（每行一项）', 'Items, one a line'), written, t('每行“标签: 值”，如 B.AcctType: D1；或粘贴报文中的一条记录（XML）。', 'A line each, “tag: value”, such as B.AcctType: D1; or one record out of a report file (XML).'));
    const numberField = field(t('记录编号或业务键', 'Record id or business key'), number, t('个人信息打码显示，查看留痕。', 'What is personal is masked; that you looked is written down.'));
    const turn = (): void => {
      baseField.hidden = source.value !== 'base';
      textField.hidden = source.value === 'record';
      numberField.hidden = source.value !== 'record';
    };
    turn();
    const run = button(t('试判', 'Try'), 'player-play', () => void this.run({
      rule: which.value === 'one' ? this.studio.current : '',
      ...(source.value === 'record' ? { record: number.value.trim() } : { text: written.value, base: source.value === 'base' ? base.value : '' }),
    }));
    run.classList.add('btn-primary');
    this.place.replaceChildren(h('div', { class: 'try' }, h('section', { class: 'try-given' }, h('h2', {}, t('用一条记录试判', 'Try it on a record')), h('div', { class: 'form-pair' }, field(t('判断', 'Judge'), which), field(t('记录来自', 'The record is'), source)), baseField, numberField, textField, run), this.results));
  }

  private async run(given: Record<string, string>): Promise<void> {
    this.results.replaceChildren(h('p', { class: 'quiet' }, t('判断中…', 'Judging…')));
    try {
      if (!(await this.studio.keeper.now())) throw new Error(t('草稿还没有全部保存，请先处理保存提示。', 'The draft is not completely saved; deal with that first.'));
      this.fill(await ask<Tried>(`${this.studio.base}/try`, 'POST', given));
    } catch (problem) {
      this.results.replaceChildren(h('p', { class: 'wrong', role: 'alert' }, (problem as Error).message));
    }
  }

  private fill(found: Tried): void {
    if (found.faults.length) {
      this.results.replaceChildren(h('p', { class: 'wrong' }, t('草稿还有错误，改好后才能试判：', 'The draft has faults; mend them first:')), ...found.faults.slice(0, 10).map((each) => h('p', { class: 'wrong' }, `${each.file}:${each.line} ${each.rule} ${said(each.message)}`)));
      return;
    }
    const violated = found.rules.filter((each) => each.outcome === 'violated');
    const others = found.rules.filter((each) => each.outcome !== 'violated');
    const counts = ['violated', 'held', 'not_judged'].map((name) => found.rules.filter((each) => each.outcome === name).length);
    this.results.replaceChildren(
      h('p', { role: 'status' }, found.record ? h('span', { class: 'code' }, `${found.record.key} `) : null, t(`${found.rules.length} 条规则：违反 ${counts[0]}，未违反 ${counts[1]}，未判 ${counts[2]}`, `${found.rules.length} rules: ${counts[0]} findings, ${counts[1]} without, ${counts[2]} not judged`)),
      ...violated.map((each) => this.rule(each, violated.length < 4)),
      ...(found.rules.length === 1 ? others.map((each) => this.rule(each, true)) : others.length ? [h('details', {}, h('summary', {}, t(`其余 ${others.length} 条`, `The other ${others.length}`)), h('ul', { class: 'try-others' }, ...others.map((each) => h('li', {}, outcomeMark(each.outcome), ' ', this.link(each)))))] : []));
  }

  private rule(each: Explained, open: boolean): HTMLElement {
    const [zh, en, tone] = severities[each.severity] ?? ['', '', 'neutral'];
    return h('article', { class: 'try-rule' }, h('header', {}, outcomeMark(each.outcome), h('span', { class: `status tone-${tone}` }, t(zh, en)), this.link(each)), explanation(each, open));
  }

  private link(each: Explained): HTMLElement {
    return h('button', { type: 'button', class: 'link', click: () => { this.studio.openTab('rules'); void this.studio.open(each.rule); } }, h('span', { class: 'code' }, each.rule), ` ${said(each.title)}`);
  }
}
