// What the server's checks found: a list in which each line leads to its place on the drawing.
import { t } from '../shell/words';
import { button, h, icon, said } from './dom';
import type { Editor } from './editor';
import { Failure, ask } from './server';
import type { Moddle, Problem, Report } from './types';

export class ReportPane {
  private marked: string[] = [];

  constructor(private readonly editor: Editor, private readonly place: HTMLElement) {}

  /** Keep the draft, have it checked, show what was found; null where it could not be checked. */
  async run(quiet = false, outcomes = false): Promise<Report | null> {
    if (!quiet) this.fill(h('p', { class: 'quiet' }, t('检查中…', 'Checking…')));
    try {
      if (!(await this.editor.keeper.now())) throw new Failure(0, 'unsaved', t('草稿还没有全部保存，请先处理保存提示。', 'The draft is not completely saved; deal with that first.'));
      const report = await ask<Report>(`${this.editor.base}/check`, 'POST', { outcomes });
      if (!quiet) this.show(report);
      return report;
    } catch (problem) {
      this.fill(h('p', { class: 'problem' }, (problem as Error).message));
      return null;
    }
  }

  show(report: Report): void {
    const errors = report.problems.filter((each) => each.severity === 'error').length;
    const summary = [t(`${errors} 个错误，${report.problems.length - errors} 个提醒，运行了 ${report.cases} 个用例`, `${errors} errors, ${report.problems.length - errors} warnings, ${report.cases} cases run`)];
    if (report.sound) summary.push(t(`走遍 ${report.states} 种状态，总能正常办结`, `all ${report.states} states visited, it always ends properly`));
    this.fill(h('p', { class: 'report-summary' }, summary.join(t('；', '; '))), h('ul', { class: 'report-lines' }, ...report.problems.map((each) => this.line(each))),
      report.unsupported.length ? h('h3', {}, t('不支持、运行时不起作用的内容', 'Not supported, without effect when it runs')) : null,
      report.unsupported.length ? h('ul', {}, ...report.unsupported.map((each) => h('li', {}, said(each)))) : null,
      report.problems.length ? null : h('p', { class: 'report-good' }, t('没有发现问题。', 'Nothing was found wrong.')));
  }

  private line(problem: Problem): HTMLElement {
    const label = problem.severity === 'error' ? t('错误', 'Error') : t('提醒', 'Warning');
    const found = this.editor.elements.get(problem.element)?.businessObject;
    const called = (each: Moddle): string => each?.name || each?.id || '';
    const name = found?.name || (found?.sourceRef ? `${called(found.sourceRef)} → ${called(found.targetRef)}` : '');
    const words = h('button', { type: 'button', click: () => this.point(problem) }, h('b', {}, label), ` ${said(problem.message)} `, problem.element ? h('span', { class: 'quiet' }, name || problem.element) : null);
    return h('li', { class: problem.severity === 'error' ? 'tone-danger' : 'tone-warning' }, icon(problem.severity === 'error' ? 'circle-x' : 'alert-triangle'), words);
  }

  private point(problem: Problem): void {
    this.unmark();
    for (const id of problem.path) if (this.editor.elements.get(id)) this.mark(id);
    this.editor.show(problem.element || problem.path[problem.path.length - 1] || '');
  }

  private mark(id: string): void {
    this.editor.canvas.addMarker(id, 'on-path');
    this.marked.push(id);
  }

  private unmark(): void {
    for (const id of this.marked) if (this.editor.elements.get(id)) this.editor.canvas.removeMarker(id, 'on-path');
    this.marked = [];
  }

  private fill(...content: (HTMLElement | null)[]): void {
    this.unmark();
    const close = button(t('关闭', 'Close'), 'x', () => { this.place.hidden = true; this.unmark(); }, true);
    this.place.replaceChildren(h('header', {}, h('h2', {}, t('检查结果', 'What the checks found')), close), ...content.filter((each) => each !== null));
    this.place.hidden = false;
  }
}
