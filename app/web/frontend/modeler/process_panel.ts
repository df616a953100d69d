// The properties of the process itself: title, owner, purpose, basis, the data that conditions use, and its clocks.
import { t } from '../shell/words';
import { area, button, choice, field, h, input, section } from './dom';
import type { Editor } from './editor';
import { limitField } from './panel';
import type { Clock, Pair } from './types';

const kinds = (): { value: string; label: string }[] => [
  { value: 'text', label: t('文本', 'text') }, { value: 'number', label: t('数字', 'number') }, { value: 'bool', label: t('是或否', 'yes or no') }, { value: 'date', label: t('日期', 'date') },
];
const clockKinds = (): { value: string; label: string }[] => [
  { value: 'statutory', label: t('法定', 'statutory') }, { value: 'bureau', label: t('征信中心', 'bureau') }, { value: 'step', label: t('步骤', 'step') }, { value: 'house', label: t('本行', 'house') },
];
const identifier = /^[a-z][a-z0-9_]{0,39}$/;

export function processPanel(editor: Editor): HTMLElement {
  const place = h('div', {});
  const draw = (): void => place.replaceChildren(wordsSection(editor), dataSection(editor), factsSection(editor, draw), clocksSection(editor, draw));
  draw();
  return place;
}

function wordsSection(editor: Editor): HTMLElement {
  const description = editor.draft.description;
  const both = (key: 'title' | 'owner' | 'purpose', zh: string, en: string, long = false): HTMLElement[] =>
    (['zh', 'en'] as const).map((language) => {
      const change = (value: string): void => {
        description[key] = { ...description[key], [language]: value };
        editor.keeper.changed('description');
        const root = editor.canvas.getRootElement();
        if (key === 'title' && language === 'zh' && root.businessObject.$type === 'bpmn:Process') editor.modeling.updateProperties(root, { name: value });
      };
      const value = description[key]?.[language] ?? '';
      return field(language === 'zh' ? t(`${zh}（中文）`, `${en} (Chinese)`) : t(`${zh}（英文）`, `${en} (English)`), long ? area(value, change) : input(value, change));
    });
  const basis = input((description.basis ?? []).join(', '), (value) => {
    description.basis = value.split(/[,，、]/).map((each) => each.trim()).filter(Boolean);
    editor.keeper.changed('description');
  });
  return section(t('流程', 'Process'), ...both('title', '名称', 'Title'), ...both('owner', '负责人', 'Owner'), ...both('purpose', '用途', 'Purpose', true), field(t('依据', 'Basis'), basis, t('条款编号，用逗号分开', 'numbers of clauses, separated by commas')));
}

function dataSection(editor: Editor): HTMLElement {
  const data = editor.draft.description.data ?? [];
  const names = Array.isArray(data) ? data : Object.keys(data);
  if (!Array.isArray(data)) return section(t('发起时的数据', 'Data at the start'), h('p', { class: 'quiet code' }, names.join(', ')));
  const made = input(names.join(', '), (value) => {
    editor.draft.description.data = value.split(/[,，、\s]+/).filter((each) => identifier.test(each));
    editor.keeper.changed('description');
  }, { class: 'form-control code' });
  return section(t('发起时的数据', 'Data at the start'), field(t('名字', 'Names'), made, t('发起流程时给出的数据，用逗号分开', 'what is given when it is started, separated by commas')));
}

function factsSection(editor: Editor, draw: () => void): HTMLElement {
  const facts = editor.facts();
  const changed = (): void => { editor.keeper.changed('description'); draw(); };
  const rows = Object.entries(facts).flatMap(([name, fields]) => Object.entries(fields).map(([key, kind]) => {
    const picked = choice(kinds(), kind, (value) => { fields[key] = value || 'text'; changed(); });
    picked.setAttribute('aria-label', t(`${name}.${key} 的类型`, `Kind of ${name}.${key}`));
    const drop = button(t(`删除 ${name}.${key}`, `Remove ${name}.${key}`), 'x', () => {
      delete fields[key];
      if (!Object.keys(fields).length) delete facts[name];
      changed();
    }, true);
    return h('tr', {}, h('td', { class: 'code' }, `${name}.${key}`), h('td', {}, picked), h('td', {}, drop));
  }));
  const name = input('', () => undefined, { class: 'form-control code', placeholder: t('如 review.decision', 'such as review.decision') });
  const add = button(t('添加', 'Add'), 'plus', () => {
    const [result = '', key = ''] = name.value.trim().split('.');
    if (!identifier.test(result) || !identifier.test(key)) {
      name.setAttribute('aria-invalid', 'true');
      return;
    }
    (facts[result] ??= {})[key] = 'text';
    changed();
  });
  return section(t('条件可用的数据', 'Data for conditions'), h('table', { class: 'panel-table' }, h('tbody', {}, ...rows)), field(t('结果名.字段', 'result.field'), name), add);
}

function clocksSection(editor: Editor, draw: () => void): HTMLElement {
  const clocks = (editor.draft.description.clocks ??= {});
  const changed = (): void => editor.keeper.changed('description');
  const boxes = Object.entries(clocks).map(([name, clock]) => clockBox(editor, name, clock, changed, () => { delete clocks[name]; changed(); draw(); }));
  const name = input('', () => undefined, { class: 'form-control code', placeholder: 'reply' });
  const add = button(t('添加时钟', 'Add a clock'), 'clock', () => {
    if (!identifier.test(name.value.trim())) return name.setAttribute('aria-invalid', 'true');
    clocks[name.value.trim()] ??= { title: { zh: '', en: '' } as Pair, kind: 'house', from: 'start', within: '5 working days', warn: ['1 working day'] };
    changed();
    draw();
  });
  return section(t('时钟', 'Clocks'), ...boxes, field(t('代码', 'Code'), name, t('法定、征信中心或本行的期限；到期升级到指定岗位', 'A limit by law, bureau or house; when missed a role hears of it')), add);
}

function clockBox(editor: Editor, name: string, clock: Clock, changed: () => void, drop: () => void): HTMLElement {
  const tasks = editor.elements.filter((each) => each.businessObject.$instanceOf?.('bpmn:FlowNode') && !each.labelTarget).map((each) => ({ value: each.id, label: each.businessObject.name || each.id }));
  const roles = editor.offered.roles.map((each) => ({ value: each.name, label: t(each.title.zh, each.title.en) }));
  const set = <Key extends keyof Clock>(key: Key) => (value: Clock[Key]): void => {
    if (value === undefined || value === '') delete clock[key]; else clock[key] = value;
    changed();
  };
  const title = (language: 'zh' | 'en', label: string): HTMLElement => field(label, input(clock.title?.[language] ?? '', (value) => { clock.title = { zh: '', en: '', ...clock.title, [language]: value }; changed(); }));
  return h('details', { class: 'clock-box' }, h('summary', {}, `${t(clock.title?.zh ?? '', clock.title?.en ?? '') || name} · ${clock.within ?? ''}`),
    title('zh', t('名称（中文）', 'Title (Chinese)')), title('en', t('名称（英文）', 'Title (English)')),
    field(t('性质', 'Kind'), choice(clockKinds(), clock.kind ?? '', set('kind'))),
    field(t('从何时起', 'Runs from'), choice([{ value: 'start', label: t('流程发起', 'the start') }, ...tasks], clock.from ?? 'start', set('from'))),
    field(t('到何时止', 'Met when this is done'), choice(tasks, clock.until?.[0] ?? '', (value) => set('until')(value ? [value] : undefined), t('流程结束', 'the end of the process'))),
    limitField(t('期限', 'Limit'), clock.within ?? '', set('within')),
    field(t('提前预警', 'Warn before'), input((clock.warn ?? []).join(', '), (value) => set('warn')(value.split(/[,，]/).map((each) => each.trim()).filter(Boolean)), { class: 'form-control code' })),
    field(t('逾期升级到', 'When missed, tell'), choice(roles, clock.escalate ?? '', set('escalate'))),
    field(t('依据', 'Basis'), input(clock.basis ?? '', set('basis'))),
    button(t('删除时钟', 'Remove the clock'), 'trash', drop));
}
