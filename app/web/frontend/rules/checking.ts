// The whole check that a submission meets, run beforehand: what is wrong by rule, each line leading to its place.
import { button, h, icon } from '../modeler/dom';
import { ask } from '../modeler/server';
import { t } from '../shell/words';
import { said, type Studio } from './studio';
import type { Fault } from './types';

interface Report { fit: boolean; fault_count: number; faults: Fault[]; rules?: number; cases?: number; failed?: number; agreement?: { checked: number; disagreements: number }; unseen?: string[] }

/** The part of the form that a fault is about. */
function partOf(fault: Fault): string {
  if (fault.file.includes('/cases/') || /\bcase\b/.test(fault.message.en)) return '.cases';
  return /^(“?require|when|each|blame)/.test(fault.message.en) ? '.checks' : '.rule-head';
}

export class CheckPane {
  private running: Promise<Report | null> | null = null;

  constructor(private readonly studio: Studio, private readonly place: HTMLElement) {
    this.fill(h('p', { class: 'quiet' }, t('检查类型、用例、覆盖，并让两种判断方式互相印证；与提交后的检查相同。', 'Types, cases, coverage, and whether both evaluators agree: the same check that follows a submission.')));
  }

  /** Keep the draft, check it, show what was found; null where that could not be done. */
  run(): Promise<Report | null> {
    this.running ??= this.check().finally(() => { this.running = null; });
    return this.running;
  }

  private async check(): Promise<Report | null> {
    this.fill(h('p', { class: 'quiet', role: 'status' }, t('检查中，请稍候…', 'Checking…')));
    try {
      if (!(await this.studio.keeper.now())) throw new Error(t('草稿还没有全部保存，请先处理保存提示。', 'The draft is not completely saved; deal with that first.'));
      const report = await ask<Report>(`${this.studio.base}/check`, 'POST', {});
      this.show(report);
      return report;
    } catch (problem) {
      this.fill(h('p', { class: 'wrong', role: 'alert' }, (problem as Error).message));
      return null;
    }
  }

  private show(report: Report): void {
    const figures: [string, string][] = [];
    if (report.rules !== undefined) figures.push([t('规则', 'Rules'), String(report.rules)], [t('用例', 'Cases'), String(report.cases)], [t('判错的用例', 'Cases that differ'), String(report.failed)], [t('两种判断不一致', 'Evaluators differ'), `${report.agreement?.disagreements} / ${report.agreement?.checked}`]);
    const by = new Map<string, Fault[]>();
    for (const each of report.faults) by.set(each.rule, [...(by.get(each.rule) ?? []), each]);
    this.fill(
      h('p', { class: `notice tone-${report.fit ? 'success' : 'danger'}`, role: 'status' }, icon(report.fit ? 'circle-check' : 'circle-x'), h('span', {}, report.fit ? t('检查通过，可以提交。', 'Everything is in order; it can be submitted.') : t(`${report.fault_count} 处问题，改好后才能生效。`, `${report.fault_count} faults; it cannot take effect before they are mended.`))),
      figures.length ? h('dl', { class: 'figures' }, ...figures.flatMap(([name, value]) => [h('div', {}, h('dt', {}, name), h('dd', {}, value))])) : null,
      ...[...by].map(([rule, faults]) => h('section', { class: 'check-rule' }, h('h3', {}, rule ? h('span', {}, h('span', { class: 'code' }, rule), ` ${this.title(rule)}`) : t('整个规则集', 'The ruleset as a whole')), h('ul', {}, ...faults.map((each) => h('li', {}, h('button', { type: 'button', class: 'link', click: () => this.goto(each) }, said(each.message)), h('small', { class: 'quiet code' }, ` ${each.file}:${each.line}`)))))),
      report.unseen?.length ? h('details', {}, h('summary', {}, t(`没有规则的数据项 ${report.unseen.length} 个（不影响提交）`, `${report.unseen.length} items that no rule reads (no hindrance)`)), h('p', { class: 'code' }, report.unseen.join('  '))) : null);
  }

  private title(rule: string): string {
    const { rules, shared } = this.studio.draft;
    return said([...rules, ...shared].find((each) => each.id === rule)?.title);
  }

  /** To the rule, also where only the words name one; else to the line of the text. */
  private goto(fault: Fault): void {
    const { rules, shared } = this.studio.draft;
    const known = [...rules, ...shared].map((each) => each.id);
    const meant = known.includes(fault.rule) ? fault.rule : known.find((id) => fault.message.en.split(/[\s,;]+/).includes(id));
    if (meant) {
      this.studio.openTab('rules');
      void this.studio.open(meant).then(() => document.querySelector(`[data-rule] ${partOf(fault)}`)?.scrollIntoView());
    } else this.studio.gotoLine(fault.file.endsWith('/ruleset.yaml') ? fault.line : 1);
  }

  private fill(...content: (HTMLElement | null)[]): void {
    this.place.replaceChildren(h('div', { class: 'check-pane' }, h('header', { class: 'part-head' }, h('h2', {}, t('检查', 'Check')), h('span', { class: 'end' }, button(t('开始检查', 'Check now'), 'checklist', () => void this.run()))), ...content.filter((each) => each !== null)));
  }
}
