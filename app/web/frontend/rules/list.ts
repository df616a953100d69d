// The rules of the draft: searched, filtered, marked where they are changed or wrong; up and down with the arrow keys.
import { button, field, h, icon, input } from '../modeler/dom';
import { t } from '../shell/words';
import { asked } from './asked';
import { said, severities, type Studio } from './studio';
import type { Line } from './types';

type Filter = '' | 'changed' | 'wrong' | 'cases';

export class RuleList {
  private typed = '';
  private filter: Filter = '';
  private readonly rows = h('div', { class: 'list-rows', tabindex: 0, role: 'region', 'aria-label': t('规则', 'Rules') });
  private readonly count = h('p', { class: 'quiet list-count', role: 'status' });
  readonly search: HTMLInputElement;

  constructor(private readonly studio: Studio, place: HTMLElement) {
    this.search = input('', () => undefined, { type: 'search', placeholder: t('查找编号、名称、代码', 'Find by id, title, code'), 'aria-label': t('查找规则', 'Find rules') });
    this.search.addEventListener('input', () => { this.typed = this.search.value.trim().toLowerCase(); this.draw(); });
    const filters: [Filter, string][] = [['', t('全部', 'All')], ['changed', t('已改', 'Changed')], ['wrong', t('有问题', 'With faults')], ['cases', t('缺用例', 'Lacking cases')]];
    const chips = filters.map(([name, label]) => h('button', { type: 'button', 'aria-pressed': String(name === ''), click: () => {
      this.filter = name;
      chips.forEach((each, index) => each.setAttribute('aria-pressed', String(filters[index]?.[0] === name)));
      this.draw();
    } }, label));
    place.replaceChildren(h('div', { class: 'list-head' }, this.search, h('div', { class: 'segmented', role: 'group', 'aria-label': t('只看', 'Show only') }, ...chips), h('div', { class: 'list-acts' }, button(t('新建规则', 'New rule'), 'plus', () => void this.add()), this.count)), this.rows);
    studio.onDraft(() => this.draw());
    this.draw();
  }

  private shown(): Line[] {
    const { rules, shared } = this.studio.draft;
    return [...rules, ...shared].filter((each) => {
      const words = `${each.id} ${each.title.zh} ${each.title.en} ${each.code}`.toLowerCase();
      if (!this.typed.split(/\s+/).every((part) => words.includes(part))) return false;
      if (this.filter === 'changed') return Boolean(each.changed);
      if (this.filter === 'wrong') return each.faults > 0;
      return this.filter !== 'cases' || (!each.fragment && !(each.cases.passes && each.cases.fires));
    });
  }

  draw(): void {
    const lines = this.shown();
    const { rules, shared, removed } = this.studio.draft;
    const own = lines.filter((each) => !each.fragment);
    const others = lines.filter((each) => each.fragment);
    const top = this.rows.scrollTop;
    const focused = this.rows.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.id : undefined;
    this.rows.replaceChildren(
      own.length ? h('ul', {}, ...own.map((each) => this.line(each))) : h('p', { class: 'quiet list-none' }, t('没有符合的规则', 'No rule fits')),
      ...(others.length ? [h('h3', {}, t('引入的共用规则（只读）', 'Included shared rules (read only)')), h('ul', {}, ...others.map((each) => this.line(each)))] : []),
      ...(removed.length && !this.typed ? [h('h3', {}, t('草稿中已删除', 'Removed in the draft')), h('ul', { class: 'list-removed' }, ...removed.map((id) => h('li', {}, id)))] : []));
    this.rows.scrollTop = top;
    if (focused) this.rows.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    this.count.textContent = t(`${lines.length} / ${rules.length + shared.length} 条`, `${lines.length} of ${rules.length + shared.length}`);
  }

  private line(each: Line): HTMLElement {
    const [zh, en, tone] = severities[each.severity] ?? [each.severity, each.severity, 'neutral'];
    const lacking = !each.fragment && !(each.cases.passes && each.cases.fires);
    return h('li', {}, h('button', { type: 'button', class: 'list-rule', 'aria-current': each.id === this.studio.current ? 'true' : null, 'data-id': each.id, click: () => void this.studio.open(each.id) },
      h('span', { class: 'list-top' }, h('span', { class: 'code' }, each.id), h('span', { class: `dot tone-${tone}`, title: t(zh, en) }, h('span', { class: 'visually-hidden' }, t(zh, en))),
        each.changed ? h('span', { class: 'list-mark tone-info' }, each.changed === 'new' ? t('新增', 'New') : t('已改', 'Changed')) : null,
        each.faults ? h('span', { class: 'list-mark tone-danger' }, icon('alert-circle'), t(`${each.faults} 处问题`, each.faults === 1 ? '1 fault' : `${each.faults} faults`)) : null,
        lacking ? h('span', { class: 'list-mark tone-warning' }, t('缺用例', 'lacks cases')) : null,
        each.fragment ? icon('lock') : null),
      h('span', { class: 'list-title' }, said(each.title) || t('（未命名）', '(untitled)'))));
  }

  /** The rule before or after the present one, of those that are listed. */
  neighbour(step: number): string | null {
    const lines = this.shown();
    const at = lines.findIndex((each) => each.id === this.studio.current);
    return lines[at < 0 ? 0 : at + step]?.id ?? null;
  }

  reveal(): void {
    this.rows.querySelector('[aria-current=true]')?.scrollIntoView({ block: 'nearest' });
  }

  async add(copy = ''): Promise<void> {
    const number = input('', () => undefined, { maxlength: 60, pattern: '[A-Za-z0-9][A-Za-z0-9_.\\-]*', placeholder: t('留空则接着编号', 'Left empty: the next number') });
    const chosen = await asked(copy ? t(`复制规则 ${copy}`, `Copy rule ${copy}`) : t('新建规则', 'New rule'), field(t('规则编号', 'Rule id'), number, t('以后出现在每条问题上，不重复使用。', 'It stands at every finding and is never used again.')), [{ value: 'no', label: t('取消', 'Cancel') }, { value: 'yes', label: t('建立', 'Create'), primary: true }]);
    if (chosen !== 'yes') return;
    const own = this.studio.draft.rules.some((each) => each.id === this.studio.current && !each.extends);
    const answer = await this.studio.keeper.change({ what: 'add_rule', id: number.value.trim(), after: own ? this.studio.current : '', copy });
    if (answer?.rule) await this.studio.open(answer.rule);
  }
}
