// The properties of the process itself: title, owner, purpose, basis, how it is begun, the data that conditions use, its clocks.
import { t } from '../shell/words';
import { area, button, choice, field, h, input, said, section } from './dom';
import { type Editor, fieldsOf } from './editor';
import { limitField } from './panel';
import type { Clock, Description, Pair } from './types';

const kinds = (): { value: string; label: string }[] => [
  { value: 'text', label: t('文本', 'text') }, { value: 'number', label: t('数字', 'number') }, { value: 'bool', label: t('是或否', 'yes or no') }, { value: 'date', label: t('日期', 'date') },
];
const clockKinds = (): { value: string; label: string }[] => [
  { value: 'statutory', label: t('法定', 'statutory') }, { value: 'bureau', label: t('征信中心', 'bureau') }, { value: 'step', label: t('步骤', 'step') }, { value: 'house', label: t('本行', 'house') },
];
const identifier = /^[a-z][a-z0-9_]{0,39}$/;
/** The clocks that are being looked at; the panel is drawn anew at every change. */
const opened = new Set<string>();

export function processPanel(editor: Editor): HTMLElement {
  return h('div', {}, wordsSection(editor), startSection(editor), dataSection(editor), factsSection(editor), clocksSection(editor));
}

function wordsSection(editor: Editor): HTMLElement {
  const description = editor.draft.description;
  const both = (key: 'title' | 'owner' | 'purpose', zh: string, en: string, long = false): HTMLElement[] =>
    (['zh', 'en'] as const).map((language) => {
      const change = (value: string): void => {
        editor.describe((each) => { each[key] = { ...each[key], [language]: value }; });
        const root = editor.canvas.getRootElement();
        if (key === 'title' && language === 'zh' && root.businessObject.$type === 'bpmn:Process') editor.modeling.updateProperties(root, { name: value });
      };
      const value = description[key]?.[language] ?? '';
      return field(language === 'zh' ? t(`${zh}（中文）`, `${en} (Chinese)`) : t(`${zh}（英文）`, `${en} (English)`), long ? area(value, change) : input(value, change));
    });
  const basis = input((description.basis ?? []).join(', '), (value) => editor.describe((each) => { each.basis = value.split(/[,，、]/).map((part) => part.trim()).filter(Boolean); }));
  return section(t('流程', 'Process'), ...both('title', '名称', 'Title'), ...both('owner', '负责人', 'Owner'), ...both('purpose', '用途', 'Purpose', true), field(t('依据', 'Basis'), basis, t('条款编号，用逗号分开', 'numbers of clauses, separated by commas')));
}

/** Whether people may begin it, who, and what they are asked. */
function startSection(editor: Editor): HTMLElement {
  const start = editor.draft.description.start;
  const byHand = h('input', { type: 'checkbox', change: () => editor.describe((each) => {
    if (byHand.checked) each.start = {};
    else delete each.start;
  }, true) });
  byHand.checked = start !== undefined;
  const box = h('label', { class: 'check' }, byHand, t('可由人员发起', 'May be begun by hand'));
  if (!start) return section(t('发起', 'How it is begun'), box, h('p', { class: 'hint' }, t('不勾选时只由系统或其他流程发起。', 'Otherwise only the platform and other processes begin it.')));
  const set = (key: 'role' | 'form') => (value: string): void => editor.describe((each) => {
    const made = { ...each.start, [key]: value };
    if (!value) delete made[key];
    each.start = made;
    if (key === 'form' && value) ask(editor, each, value);
  }, key === 'form');
  const roles = editor.offered.roles.map((each) => ({ value: each.name, label: said(each.title) }));
  const forms = Object.entries(editor.draft.forms).map(([name, schema]) => ({ value: name, label: said(schema.title) || name }));
  return section(t('发起', 'How it is begun'), box,
    field(t('发起岗位', 'Begun by'), choice(roles, start.role ?? '', set('role'), t('（有发起权限的任何人）', '(anybody who may begin cases)'))),
    field(t('发起表单', 'Start form'), choice(forms, start.form ?? '', set('form'), t('（逐项填写发起数据）', '(one field for each name below)'))));
}

/** What the start form asks for is there from the start. */
function ask(editor: Editor, description: Description, form: string): void {
  const names = [...fieldsOf(editor.draft.forms[form]?.components)].map((each) => each.key).filter((each) => each !== undefined);
  if (Array.isArray(description.data ?? [])) description.data = [...new Set([...((description.data as string[] | undefined) ?? []).filter((each) => names.includes(each)), ...names])];
}

function dataSection(editor: Editor): HTMLElement {
  const data = editor.draft.description.data ?? [];
  const names = Array.isArray(data) ? data : Object.keys(data);
  if (!Array.isArray(data)) return section(t('发起时的数据', 'Data at the start'), h('p', { class: 'quiet code' }, names.join(', ')));
  const made = input(names.join(', '), (value) => editor.describe((each) => { each.data = value.split(/[,，、\s]+/).filter((name) => identifier.test(name)); }), { class: 'form-control code' });
  return section(t('发起时的数据', 'Data at the start'), field(t('名字', 'Names'), made, t('发起流程时给出的数据，用逗号分开', 'what is given when it is started, separated by commas')));
}

function factsSection(editor: Editor): HTMLElement {
  const rows = Object.entries(editor.facts()).flatMap(([name, fields]) => Object.entries(fields).map(([key, kind]) => {
    const picked = choice(kinds(), kind, (value) => editor.describe((each) => { ((each.facts ??= {})[name] ??= {})[key] = value || 'text'; }));
    picked.setAttribute('aria-label', t(`${name}.${key} 的类型`, `Kind of ${name}.${key}`));
    const drop = button(t(`删除 ${name}.${key}`, `Remove ${name}.${key}`), 'x', () => editor.describe((each) => {
      const found = each.facts?.[name];
      delete found?.[key];
      if (found && !Object.keys(found).length) delete each.facts?.[name];
    }, true), true);
    return h('tr', {}, h('td', { class: 'code' }, `${name}.${key}`), h('td', {}, picked), h('td', {}, drop));
  }));
  const name = input('', () => undefined, { class: 'form-control code', placeholder: t('如 review.decision', 'such as review.decision') });
  const add = button(t('添加', 'Add'), 'plus', () => {
    const [result = '', key = ''] = name.value.trim().split('.');
    if (!identifier.test(result) || !identifier.test(key)) {
      name.setAttribute('aria-invalid', 'true');
      return;
    }
    editor.describe((each) => { ((each.facts ??= {})[result] ??= {})[key] = 'text'; }, true);
  });
  return section(t('条件可用的数据', 'Data for conditions'), h('table', { class: 'panel-table' }, h('tbody', {}, ...rows)), field(t('结果名.字段', 'result.field'), name), add);
}

function clocksSection(editor: Editor): HTMLElement {
  const boxes = Object.entries(editor.draft.description.clocks ?? {}).map(([name, clock]) => clockBox(editor, name, clock));
  const name = input('', () => undefined, { class: 'form-control code', placeholder: 'reply' });
  const add = button(t('添加时钟', 'Add a clock'), 'clock', () => {
    const code = name.value.trim();
    if (!identifier.test(code)) return name.setAttribute('aria-invalid', 'true');
    opened.add(code);
    editor.describe((each) => { (each.clocks ??= {})[code] ??= { title: { zh: '', en: '' } as Pair, kind: 'house', from: 'start', within: '5 working days', warn: ['1 working day'] }; }, true);
  });
  return section(t('时钟', 'Clocks'), ...boxes, field(t('代码', 'Code'), name, t('法定、征信中心或本行的期限；到期升级到指定岗位', 'A limit by law, bureau or house; when missed a role hears of it')), add);
}

function clockBox(editor: Editor, name: string, clock: Clock): HTMLElement {
  const tasks = editor.elements.filter((each) => each.businessObject.$instanceOf?.('bpmn:FlowNode') && !each.labelTarget).map((each) => ({ value: each.id, label: each.businessObject.name || each.id }));
  const roles = editor.offered.roles.map((each) => ({ value: each.name, label: t(each.title.zh, each.title.en) }));
  const change = (act: (clock: Clock) => void): void => editor.describe((each) => { act((each.clocks ??= {})[name] ??= {}); });
  const set = <Key extends keyof Clock>(key: Key) => (value: Clock[Key]): void => change((each) => {
    if (value === undefined || value === '') delete each[key]; else each[key] = value;
  });
  const title = (language: 'zh' | 'en', label: string): HTMLElement => field(label, input(clock.title?.[language] ?? '', (value) => change((each) => { each.title = { zh: '', en: '', ...each.title, [language]: value }; })));
  const box = h('details', { class: 'clock-box', open: opened.has(name), toggle: () => { if (box.open) opened.add(name); else opened.delete(name); } }, h('summary', {}, `${t(clock.title?.zh ?? '', clock.title?.en ?? '') || name} · ${clock.within ?? ''}`),
    title('zh', t('名称（中文）', 'Title (Chinese)')), title('en', t('名称（英文）', 'Title (English)')),
    field(t('性质', 'Kind'), choice(clockKinds(), clock.kind ?? '', set('kind'))),
    field(t('从何时起', 'Runs from'), choice([{ value: 'start', label: t('流程发起', 'the start') }, ...tasks], clock.from ?? 'start', set('from'))),
    field(t('到何时止', 'Met when this is done'), choice(tasks, clock.until?.[0] ?? '', (value) => set('until')(value ? [value] : undefined), t('流程结束', 'the end of the process'))),
    limitField(t('期限', 'Limit'), clock.within ?? '', set('within')),
    field(t('提前预警', 'Warn before'), input((clock.warn ?? []).join(', '), (value) => set('warn')(value.split(/[,，]/).map((each) => each.trim()).filter(Boolean)), { class: 'form-control code' })),
    field(t('逾期升级到', 'When missed, tell'), choice(roles, clock.escalate ?? '', set('escalate'))),
    field(t('依据', 'Basis'), input(clock.basis ?? '', set('basis'))),
    button(t('删除时钟', 'Remove the clock'), 'trash', () => editor.describe((each) => { delete each.clocks?.[name]; }, true)));
  return box;
}
