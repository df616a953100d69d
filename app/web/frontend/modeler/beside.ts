// What a form shows beside its fields, which the form-js editor does not know: rows of the house and attachments.
import { t } from '../shell/words';
import { button, choice, field, h, input, said, section } from './dom';
import type { Editor } from './editor';
import type { FormSchema, Panel } from './types';

const kinds = new Set(['evidence', 'document']);

/** The panels of a form apart from the rest of it; null where one stands within a group, which only text can say. */
export function apart(schema: FormSchema): { panels: Panel[]; rest: FormSchema } | null {
  const inside = (components: FormSchema['components']): boolean => (components ?? []).some((each) => kinds.has(each.type ?? '') || inside(each.components));
  const all = schema.components ?? [];
  const rest = all.filter((each) => !kinds.has(each.type ?? ''));
  return inside(rest) ? null : { panels: all.filter((each) => kinds.has(each.type ?? '')) as Panel[], rest: { ...schema, components: rest } };
}

/** The panels as they are edited: which rows with which columns, which attachment. `keep` takes them when they change. */
export function panelsEditor(editor: Editor, panels: Panel[], keep: (panels: Panel[]) => void): HTMLElement {
  const place = h('section', { class: 'drawn-form-panels', 'aria-label': t('参考资料', 'Evidence') });
  const draw = (): void => {
    const change = (at: number, changed: Partial<Panel>): void => {
      panels = panels.map((each, index) => (index === at ? cleaned({ ...each, ...changed }) : each));
      keep(panels);
      draw();
    };
    const drop = (at: number) => (): void => {
      panels = panels.filter((_, index) => index !== at);
      keep(panels);
      draw();
    };
    const add = (panel: Panel) => (): void => {
      panels = [...panels, panel];
      keep(panels);
      draw();
    };
    const [first] = editor.offered.rows;
    place.replaceChildren(
      h('h3', {}, t('参考资料', 'Evidence')), h('p', { class: 'hint' }, t('办理时列在表单旁边。个人信息列自动打码。', 'Shown beside the form. Columns of personal data are masked.')),
      ...panels.map((each, at) => box(editor, each, (changed) => change(at, changed), drop(at))),
      h('div', { class: 'panel-buttons' },
        first ? button(t('加数据行', 'Add rows'), 'plus', add({ type: 'evidence', label: first.title.zh, label_en: first.title.en, source: first.name, params: {} })) : null,
        button(t('加附件', 'Add an attachment'), 'plus', add({ type: 'document', label: '附件', label_en: 'Attachment', attachment: '' }))));
  };
  draw();
  return place;
}

function cleaned(panel: Panel): Panel {
  if (!panel.columns?.length) delete panel.columns;
  return panel;
}

function box(editor: Editor, panel: Panel, change: (changed: Partial<Panel>) => void, drop: () => void): HTMLElement {
  const title = panel.type === 'evidence' ? t('数据行', 'Rows') : t('附件', 'Attachment');
  return section(title,
    h('div', { class: 'panel-pair' },
      field(t('标题（中文）', 'Title (Chinese)'), input(panel.label ?? '', (label) => change({ label }))),
      field(t('标题（英文）', 'Title (English)'), input(panel.label_en ?? '', (label_en) => change({ label_en })))),
    ...(panel.type === 'evidence' ? rowsFields(editor, panel, change) : [
      field(t('附件编号取自', 'Attachment from'), input(panel.attachment ?? '', (attachment) => change({ attachment }), { class: 'form-control code' }), t('流程数据的名字，其值是附件编号', 'the name of a variable of the process that holds its number')),
    ]),
    button(t('删除', 'Remove'), 'trash', drop));
}

function rowsFields(editor: Editor, panel: Panel, change: (changed: Partial<Panel>) => void): HTMLElement[] {
  const rows = editor.offered.rows.find((each) => each.name === panel.source);
  const options = editor.offered.rows.map((each) => ({ value: each.name, label: said(each.title) }));
  const parameters = Object.entries(panel.params ?? {}).map(([name, variable]) => (name === variable ? name : `${name}=${variable}`)).join(', ');
  const params = (text: string): Record<string, string> => Object.fromEntries(text.split(/[,，、]/).map((each) => each.trim()).filter(Boolean).map((each) => {
    const [name = '', variable = ''] = each.split('=').map((part) => part.trim());
    return [name, variable || name];
  }));
  const shown = panel.columns ?? [];
  const columns = (rows?.columns ?? []).map((each) => {
    const made = h('input', { type: 'checkbox', change: () => {
      const all = (rows?.columns ?? []).map((column) => column.name);
      const now = shown.length ? shown : all;
      const next = made.checked ? [...now, each.name] : now.filter((name) => name !== each.name);
      change({ columns: next.length === all.length ? [] : next });
    } });
    made.checked = !shown.length || shown.includes(each.name);
    return h('label', { class: 'check' }, made, said(each.title));
  });
  return [
    field(t('数据', 'Which rows'), choice(options, panel.source ?? '', (source) => change({ source, columns: [] }))),
    field(t('参数', 'Parameters'), input(parameters, (text) => change({ params: params(text) }), { class: 'form-control code' }), t('参数=流程数据的名字，用逗号分开；同名只写一个', 'parameter=variable of the process, separated by commas; one word where they are the same')),
    h('fieldset', {}, h('legend', {}, t('显示的列', 'Columns shown')), ...columns),
  ];
}
