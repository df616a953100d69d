// The editor of a process draft: drawing, properties, forms, cases and comparison on one page, kept as it is drawn.
import './nonce';
import Modeler from 'bpmn-js/lib/Modeler';
import colours from 'bpmn-js-color-picker';
import { CreateAppendAnythingModule } from 'bpmn-js-create-append-anything';
import lint from 'bpmn-js-bpmnlint';
import simulation from 'bpmn-js-token-simulation';
import minimap from 'diagram-js-minimap';
import { token } from '../shell/colours';
import { showToast } from '../shell/toasts';
import { t } from '../shell/words';
import { CasesPane } from './cases';
import { compare } from './compare';
import { installDescribing } from './describing';
import { area, button, dialog, field, h } from './dom';
import { Editor } from './editor';
import { download, importFile, shareClipboard } from './files';
import { FormsPane } from './forms';
import { installMenus } from './menus';
import { installPanel } from './panel';
import { ReportPane } from './report';
import { linting } from './rules';
import { Keeper } from './saving';
import { ask, text } from './server';
import { descriptor } from './spiff';
import { installTabs } from './tabs';
import { translateInPlace, translateModule } from './translations';
import type { ModelerInstance, Offered } from './types';

function part<Found extends HTMLElement>(name: string): Found {
  const found = document.querySelector<Found>(`[data-${name}]`);
  if (!found) throw new Error(`the page lacks ${name}`);
  return found;
}

function drawing(host: HTMLElement, editor: () => Editor): ModelerInstance {
  return new Modeler({
    container: host,
    moddleExtensions: { spiffworkflow: descriptor },
    additionalModules: [translateModule, colours, minimap, CreateAppendAnythingModule, lint, simulation],
    linting: { bpmnlint: linting(editor), active: true },
    bpmnRenderer: { defaultFillColor: token('--cl-diagram-fill'), defaultStrokeColor: token('--cl-diagram-line'), defaultLabelColor: token('--cl-diagram-ink') },
    textRenderer: { defaultStyle: { fontFamily: getComputedStyle(document.body).fontFamily } },
  });
}

async function start(): Promise<void> {
  const page = part('editor');
  const offered = JSON.parse(part('offered').textContent ?? '{}') as Offered;
  const host = part('canvas');
  let editor!: Editor;
  const modeler = drawing(host, () => editor);
  editor = new Editor(modeler, offered, page.dataset.base ?? '');
  editor.keeper = new Keeper(editor, part('saved'));
  installDescribing(editor);
  translateInPlace(host);
  applyStyles(host);
  new ResizeObserver(() => editor.canvas.resized()).observe(host);
  installMenus(editor);
  shareClipboard(editor);
  try {
    await modeler.importXML(offered.draft.xml);
  } catch (problem) {
    showToast({ text: t(`草稿的流程图无法显示：${(problem as Error).message}`, `The diagram of the draft cannot be drawn: ${(problem as Error).message}`), tone: 'danger' });
  }
  editor.fit();
  modeler.on('commandStack.changed', () => editor.keeper.changed('xml'));
  const report = new ReportPane(editor, part('report'));
  const forms = new FormsPane(editor, part('forms'));
  new CasesPane(editor, part('cases'), report);
  const openTab = installTabs(page, (name) => {
    if (name === 'forms') forms.refresh();
    if (name === 'diff') void showDifferences(editor, part('differences'));
    if (name === 'diagram') redraw();
  });
  const redraw = installPanel(editor, part('panel'), (name) => { openTab('forms'); forms.show(name); });
  tools(editor, part('tools'), report);
  part('check').addEventListener('click', () => { openTab('diagram'); void report.run(); });
  part('submit').addEventListener('click', () => void submit(editor, report, () => openTab('diagram')));
  page.dataset.ready = 'yes';
}

/** What the build has turned into `data-style` (see build.mjs) is set the way that the policy allows. */
function applyStyles(host: HTMLElement): void {
  const apply = (node: Node): void => {
    if (!(node instanceof HTMLElement)) return;
    for (const each of [node, ...node.querySelectorAll<HTMLElement>('[data-style]')]) if (each.dataset.style) each.style.cssText += each.dataset.style;
  };
  new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach(apply))).observe(host, { childList: true, subtree: true });
}

function tools(editor: Editor, place: HTMLElement, report: ReportPane): void {
  const actions = editor.modeler.get<{ trigger(name: string, options?: object): void }>('editorActions');
  const act = (name: string, options?: object) => () => actions.trigger(name, options);
  const mode = editor.modeler.get<{ toggleMode(): void }>('toggleMode');
  const simulate = button(t('模拟', 'Simulate'), 'player-play', () => mode.toggleMode());
  simulate.setAttribute('aria-pressed', 'false');
  editor.modeler.on('tokenSimulation.toggleMode', (event) => {
    simulate.setAttribute('aria-pressed', String(event.active));
    place.classList.toggle('simulating', event.active);
  });
  const bring = (): void => importFile(editor, (back) => {
    void report.run();
    const undo = button(t('还原导入前的流程图', 'Back to the diagram before'), 'arrow-back-up', () => { void back(); undo.remove(); });
    place.append(undo);
  });
  place.append(
    button(t('撤销', 'Undo'), 'arrow-back-up', act('undo'), true), button(t('重做', 'Redo'), 'arrow-forward-up', act('redo'), true),
    button(t('复制', 'Copy'), 'copy', act('copy'), true), button(t('粘贴', 'Paste'), 'clipboard', act('paste'), true),
    button(t('放大', 'Zoom in'), 'zoom-in', act('stepZoom', { value: 1 }), true), button(t('缩小', 'Zoom out'), 'zoom-out', act('stepZoom', { value: -1 }), true),
    button(t('全图', 'Fit the page'), 'maximize', () => editor.fit(), true),
    button(t('查找', 'Find'), 'search', act('find'), true),
    simulate,
    button(t('导入', 'Import'), 'file-import', bring),
    button(t('导出', 'Export'), 'file-export', () => void editor.xml().then((xml) => download(`${editor.draft.process}.bpmn`, xml))),
    button(t('快捷键', 'Shortcuts'), 'keyboard', () => void shortcuts(), true),
  );
}

async function shortcuts(): Promise<void> {
  const rows: [string, string][] = [
    ['Ctrl Z / Ctrl Y', t('撤销 / 重做', 'undo / redo')], ['Ctrl C / Ctrl V', t('复制 / 粘贴（可跨流程）', 'copy / paste, also between processes')], ['Ctrl F', t('查找', 'find')], ['Del', t('删除', 'delete')],
    ['N / A', t('新建 / 接上元素', 'create / append an element')], ['R', t('更换类型', 'change the type')], ['E', t('改名称', 'edit the name')], ['H / L / S / C', t('抓手 / 框选 / 拉空间 / 连线', 'hand / lasso / space / connect')], ['T', t('模拟', 'simulate')], ['Ctrl + / Ctrl −', t('缩放', 'zoom')],
  ];
  await dialog(t('绘图快捷键', 'Keys for drawing'), h('dl', { class: 'shortcut-list' }, ...rows.flatMap(([keys, words]) => [h('dt', {}, h('kbd', {}, keys)), h('dd', {}, words)])), [{ value: 'ok', label: t('知道了', 'Close'), primary: true }]);
}

async function showDifferences(editor: Editor, place: HTMLElement): Promise<void> {
  if (!editor.draft.has_live) {
    place.replaceChildren(h('p', { class: 'quiet' }, t('这是新流程，还没有现行版本可以对照。', 'This process is new: there is no live version to compare with.')));
    return;
  }
  const sides = [h('div', { class: 'diff-side', role: 'region', 'aria-label': t('现行版本', 'Live version') }), h('div', { class: 'diff-side', role: 'region', 'aria-label': t('草稿', 'Draft') })] as const;
  const list = h('div', { class: 'diff-list', role: 'status' });
  place.replaceChildren(h('div', { class: 'diff' }, h('div', { class: 'diff-sides' }, ...sides), list));
  try {
    await compare(sides[0], sides[1], list, await text(`${editor.base}/bpmn?of=live`), await editor.xml());
  } catch (problem) {
    list.textContent = (problem as Error).message;
  }
}

async function submit(editor: Editor, report: ReportPane, look: () => void): Promise<void> {
  const found = await report.run(true);
  if (!found) return look();
  if (found.problems.some((each) => each.severity === 'error')) {
    look();
    report.show(found);
    showToast({ text: t('还有错误，改好后才能提交。', 'There are errors; mend them before submitting.'), tone: 'warning' });
    return;
  }
  const note = area('', () => undefined, 4);
  note.maxLength = 500;
  const chosen = await dialog(t('提交复核', 'Submit for review'), field(t('改了什么、为什么', 'What was changed, and why'), note), [
    { value: 'no', label: t('取消', 'Cancel') }, { value: 'yes', label: t('提交', 'Submit'), primary: true },
  ]);
  if (chosen !== 'yes') return;
  try {
    const answer = await ask<{ next: string }>(`${editor.base}/submit`, 'POST', { lock: editor.draft.lock, note: note.value });
    editor.keeper.leave(answer.next);
  } catch (problem) {
    showToast({ text: (problem as Error).message, tone: 'danger' });
  }
}

document.addEventListener('DOMContentLoaded', () => void start());
