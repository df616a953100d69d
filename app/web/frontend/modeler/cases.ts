// The cases of the draft: readable text, run against the real engine on the server.
import { t } from '../shell/words';
import { button, h, icon, said } from './dom';
import type { Editor } from './editor';
import type { ReportPane } from './report';
import { readProperty } from './spiff';

export class CasesPane {
  private readonly written = h('textarea', { class: 'form-control code cases-text', rows: 26, spellcheck: 'false', 'aria-label': t('用例', 'Cases') });
  private readonly problem = h('p', { class: 'problem', role: 'alert' });
  private readonly results = h('div', { class: 'cases-results', role: 'status' });

  constructor(private readonly editor: Editor, place: HTMLElement, private readonly report: ReportPane) {
    this.written.value = editor.draft.cases;
    this.written.addEventListener('input', () => {
      editor.draft.cases = this.written.value;
      editor.keeper.changed('cases');
    });
    editor.keeper.onCasesRefused = (words) => { this.problem.textContent = words; };
    const tools = h('div', { class: 'editor-tools' },
      button(t('运行用例', 'Run the cases'), 'player-play', () => void this.run()), button(t('加一个用例', 'Add a case'), 'plus', () => this.add()),
      h('p', { class: 'hint' }, t('每个用例写明发起数据、步骤结果、人的答复和预期走过的路。每个任务和结束事件都要有用例走到。', 'A case says what it starts with, what steps give back, what people answer and the path expected. Every task and end event needs a case that gets there.')));
    place.append(tools, h('div', { class: 'cases-main' }, h('div', {}, this.written, this.problem), this.results));
  }

  private async run(): Promise<void> {
    this.results.replaceChildren(h('p', { class: 'quiet' }, t('运行中…', 'Running…')));
    const report = await this.report.run(true, true);
    if (!report) {
      this.results.replaceChildren(h('p', { class: 'problem' }, t('草稿没有全部保存，用例未运行。', 'The draft is not completely saved; the cases were not run.')));
      return;
    }
    const others = report.problems.filter((each) => each.severity === 'error' && each.rule !== 'case');
    const failed = report.outcomes.filter((each) => each.faults.length).length;
    const words = others.length
      ? t(`还有 ${others.length} 个其他错误，改好后才运行用例：`, `There are ${others.length} other errors; the cases are run once they are mended:`)
      : t(`运行了 ${report.outcomes.length} 个用例，${failed} 个不符`, `${report.outcomes.length} cases run, ${failed} not as expected`);
    const lines = report.outcomes.map((each) => h('li', { class: each.faults.length ? 'tone-danger' : '' }, icon(each.faults.length ? 'circle-x' : 'circle-check'),
      h('div', {}, h('b', {}, said(each.name)), each.faults.length ? h('ul', {}, ...each.faults.map((fault) => h('li', {}, said(fault)))) : null)));
    const wrong = others.map((each) => h('li', { class: 'tone-danger' }, icon('circle-x'), h('div', {}, said(each.message))));
    this.results.replaceChildren(h('p', { class: failed || others.length ? 'problem' : 'report-good' }, words), h('ul', { class: 'report-lines' }, ...wrong, ...lines));
  }

  /** A case along the first way through the diagram, to be filled in. */
  private add(): void {
    const path: string[] = [];
    const answers: string[] = [];
    let end = '';
    let here = this.editor.elements.filter((each) => each.type === 'bpmn:StartEvent')[0];
    const seen = new Set<string>();
    while (here && !seen.has(here.id)) {
      seen.add(here.id);
      const object = here.businessObject;
      if (object.$instanceOf('bpmn:Activity')) path.push(here.id);
      if (here.type === 'bpmn:EndEvent') end = here.id;
      if (here.type === 'bpmn:UserTask') answers.push(`    ${here.id}: ${this.sample(readProperty(object, 'form'))}`);
      const flows = here.outgoing.filter((each) => each.type === 'bpmn:SequenceFlow');
      here = (flows.find((each) => each.businessObject === object.default) ?? flows[0])?.target;
    }
    const text = ['- name: {zh: 一路办结, en: Straight through}', '  data: {}', ...(answers.length ? ['  answers:', ...answers] : []), `  path: [${path.join(', ')}]`, `  end: ${end}`, ''].join('\n');
    this.written.value = `${this.written.value.trim() ? `${this.written.value.trimEnd()}\n` : ''}${text}`;
    this.written.dispatchEvent(new Event('input'));
  }

  private sample(form: string): string {
    const fields = (this.editor.draft.forms[form]?.components ?? []).filter((each) => each.key);
    return `{${fields.map((each) => `${each.key}: ${each.values?.[0]?.value ?? '示例内容'}`).join(', ')}}`;
  }
}
