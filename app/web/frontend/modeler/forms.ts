// The forms of the draft: drawn with the form-js editor, tried as the person who fills them in will see them.
import { Form } from '@bpmn-io/form-js-viewer';
import { FormEditor } from '@bpmn-io/form-js-editor';
import { t } from '../shell/words';
import { apart, panelsEditor } from './beside';
import { button, dialog, field, h, input, said } from './dom';
import type { Editor } from './editor';
import { readProperty } from './spiff';
import { translateInPlace } from './translations';
import type { FormField, FormSchema, Panel } from './types';

const named = /^[a-z][a-z0-9_]{0,39}\/[a-z][a-z0-9_]{0,59}$/;
const drawable = new Set(['textfield', 'textarea', 'number', 'datetime', 'checkbox', 'radio', 'select', 'checklist', 'taglist', 'text', 'group', 'separator', 'spacer']);

/** Ask for the name of a new form and make it; its name, or null. */
export async function newForm(editor: Editor): Promise<string | null> {
  const code = input(`${editor.draft.process.split('.')[0]}/`, () => undefined, { class: 'form-control code', name: 'code', required: true, pattern: named.source });
  const zh = input('', () => undefined, { name: 'zh', required: true });
  const en = input('', () => undefined, { name: 'en', required: true });
  const body = h('div', {}, field(t('中文标题', 'Chinese title'), zh), field(t('英文标题', 'English title'), en), field(t('代码', 'Code'), code, t('领域/名称，小写字母、数字与下划线', 'area/name: small letters, digits and underscores')));
  const chosen = await dialog(t('新建表单', 'New form'), body, [{ value: 'no', label: t('取消', 'Cancel') }, { value: 'yes', label: t('新建', 'Make it'), primary: true }]);
  const name = code.value.trim();
  if (chosen !== 'yes' || !named.test(name)) return null;
  editor.draft.forms[name] ??= {
    id: name.replace('/', '_'), type: 'default', schemaVersion: 17, title: { zh: zh.value.trim(), en: en.value.trim() },
    components: [
      { type: 'radio', key: 'decision', label: '处理意见', label_en: 'Decision', values: [{ label: '同意', label_en: 'Agree', value: 'agree' }, { label: '不同意', label_en: 'Refuse', value: 'refuse' }], validate: { required: true } },
      { type: 'textarea', key: 'reason', label: '理由', label_en: 'Reason', validate: { required: true, maxLength: 500 } },
    ] as FormField[],
  };
  editor.keeper.changed('forms');
  return name;
}

export class FormsPane {
  private open = '';
  /** One change of the stage after the other: the form-js editor does not bear being taken away while it reads. */
  private turn: Promise<void> = Promise.resolve();
  private shown: FormEditor | Form | null = null;
  private readonly list = h('ul', { class: 'drawn-form-list' });
  private readonly stage = h('div', { class: 'drawn-form-stage' });
  private readonly bar = h('div', { class: 'editor-tools' });
  private readonly words = h('section', { class: 'drawn-form-words', 'aria-label': t('双语文字', 'Words in both languages') });

  constructor(private readonly editor: Editor, place: HTMLElement) {
    const add = button(t('新建表单', 'New form'), 'plus', () => void newForm(editor).then((name) => name && this.show(name)));
    place.append(h('aside', { class: 'drawn-form-side' }, h('h2', {}, t('表单', 'Forms')), this.list, add), h('div', { class: 'drawn-form-main' }, this.bar, this.stage, this.words));
    translateInPlace(this.stage);
  }

  refresh(): void {
    const names = Object.keys(this.editor.draft.forms).sort();
    if (!names.includes(this.open)) this.open = names[0] ?? '';
    this.show(this.open);
  }

  show(name: string): void {
    this.open = name;
    this.list.replaceChildren(...Object.entries(this.editor.draft.forms).sort().map(([each, schema]) =>
      h('li', {}, h('button', { type: 'button', 'aria-current': each === name ? 'true' : null, click: () => this.show(each) }, said(schema.title) || each, h('small', { class: 'code' }, each)))));
    this.turn = this.turn.then(() => this.edit()).catch((problem: Error) => { this.stage.append(h('p', { class: 'problem' }, problem.message)); });
  }

  private clear(): void {
    this.shown?.destroy();
    this.shown = null;
    this.stage.replaceChildren();
    this.stage.parentElement?.querySelector('.drawn-form-panels')?.remove();
    this.words.replaceChildren();
    this.bar.replaceChildren();
  }

  private async edit(): Promise<void> {
    this.clear();
    const schema = this.editor.draft.forms[this.open];
    if (!schema) {
      this.stage.append(h('p', { class: 'quiet' }, t('还没有表单。新建一个，或在用户任务的属性里新建。', 'No forms yet. Make one here or in the properties of a user task.')));
      return;
    }
    this.bar.append(
      button(t('预览', 'Preview'), 'eye', () => void this.preview()), button(t('删除表单', 'Delete the form'), 'trash', () => void this.drop()));
    this.both(schema);
    const parts = apart(schema);
    const foreign = [...componentsOf(parts?.rest ?? schema)].filter((each) => !drawable.has(each.type ?? ''));
    if (!parts || foreign.length) {
      this.text(schema, foreign.map((each) => each.type).join(', '));
      return;
    }
    const host = h('div', { class: 'drawn-form-editor' });
    this.stage.append(host);
    const made = new FormEditor({ container: host });
    this.shown = made;
    await made.importSchema(structuredClone(parts.rest));
    let panels: Panel[] = parts.panels;
    const keep = (): void => {
      const kept = this.editor.draft.forms[this.open];
      if (!kept) return;
      const saved = made.saveSchema() as FormSchema;
      this.editor.draft.forms[this.open] = { ...saved, id: kept.id, title: kept.title, components: [...panels, ...(saved.components ?? [])] as FormField[] };
      this.editor.keeper.changed('forms');
    };
    this.stage.after(panelsEditor(this.editor, panels, (changed) => {
      panels = changed;
      keep();
      const kept = this.editor.draft.forms[this.open];
      if (kept) this.both(kept);
    }));
    made.on('changed', () => {
      if (!this.editor.draft.forms[this.open]) return;
      keep();
      this.both(this.editor.draft.forms[this.open]!);
      this.learn();
    });
  }

  /** Conditions after a question may use what its form asks for. */
  private learn(): void {
    for (const each of this.editor.elements.filter((shape) => shape.type === 'bpmn:UserTask')) {
      if (readProperty(each.businessObject, 'form') === this.open) this.editor.learnFacts(readProperty(each.businessObject, 'result'), this.open);
    }
  }

  /** What neither the form-js editor nor the panels can show is written as text. */
  private text(schema: FormSchema, why: string): void {
    const problem = h('p', { class: 'problem', role: 'status' });
    const written = h('textarea', { class: 'form-control code', rows: 24, spellcheck: 'false', 'aria-label': t('表单内容', 'The form as text') });
    written.value = JSON.stringify(schema, null, 2);
    written.addEventListener('input', () => {
      try {
        this.editor.draft.forms[this.open] = JSON.parse(written.value) as FormSchema;
        this.editor.keeper.changed('forms');
        problem.textContent = '';
      } catch (error) {
        problem.textContent = t(`还不是完整的 JSON：${(error as Error).message}`, `Not complete JSON yet: ${(error as Error).message}`);
      }
    });
    this.stage.append(h('p', { class: 'hint' }, t(`此表单含有平台专有组件（${why}），以文本编辑。`, `This form has components of the platform's own (${why}); it is edited as text.`)), written, problem);
  }

  /** The English words of each field stand beside the Chinese ones that the editor shows. */
  private both(schema: FormSchema): void {
    if (this.words.contains(document.activeElement)) return;
    const changed = (): void => {
      this.editor.keeper.changed('forms');
      const parts = apart(schema);
      if (this.shown instanceof FormEditor && parts) void this.shown.importSchema(structuredClone(parts.rest));
    };
    const title = (language: 'zh' | 'en'): HTMLElement => {
      const made = input(schema.title?.[language] ?? '', (value) => { schema.title = { zh: '', en: '', ...schema.title, [language]: value }; this.editor.keeper.changed('forms'); });
      made.setAttribute('aria-label', language === 'zh' ? t('表单标题（中文）', 'Title of the form (Chinese)') : t('表单标题（英文）', 'Title of the form (English)'));
      return made;
    };
    const rows = [h('tr', {}, h('th', { scope: 'row' }, t('标题', 'Title')), h('td', {}, title('zh')), h('td', {}, title('en')))];
    for (const each of componentsOf(schema)) {
      const label = each as FormField & Record<string, string>;
      if (!each.label || each.type === 'evidence' || each.type === 'document') continue;
      rows.push(wordRow(each.label, label, 'label_en', changed));
      for (const option of each.values ?? []) rows.push(wordRow(`– ${option.label ?? option.value}`, option as unknown as Record<string, string>, 'label_en', changed));
    }
    this.words.replaceChildren(h('h3', {}, t('英文文字', 'Words in English')), h('table', { class: 'panel-table' }, h('tbody', {}, ...rows)));
  }

  private async preview(): Promise<void> {
    const schema = this.editor.draft.forms[this.open];
    if (!schema) return;
    this.clear();
    this.bar.append(button(t('回到编辑', 'Back to editing'), 'edit', () => void this.edit()));
    const host = h('div', { class: 'drawn-form-preview' });
    this.stage.append(host);
    const made = new Form({ container: host });
    this.shown = made;
    const known = structuredClone(schema);
    known.components = (known.components ?? []).filter((each) => drawable.has(each.type ?? ''));
    await made.importSchema(known, {});
  }

  private async drop(): Promise<void> {
    const used = this.editor.elements.filter((each) => each.type === 'bpmn:UserTask' && readProperty(each.businessObject, 'form') === this.open);
    const words = h('p', {}, used.length ? t(`有 ${used.length} 个用户任务在用它，删除后需要另选表单。`, `${used.length} user tasks use it; they will need another form.`) : (this.editor.draft.description.start?.form === this.open ? t('它是发起表单，删除后需要另选。', 'It is the start form; another will be needed.') : t('没有任务在用它。', 'No task uses it.')));
    const chosen = await dialog(t('删除表单？', 'Delete the form?'), words, [{ value: 'no', label: t('取消', 'Cancel') }, { value: 'yes', label: t('删除', 'Delete'), primary: true }]);
    if (chosen !== 'yes') return;
    delete this.editor.draft.forms[this.open];
    this.editor.keeper.changed('forms');
    this.refresh();
  }
}

function wordRow(chinese: string, holder: Record<string, string>, key: string, changed: () => void): HTMLTableRowElement {
  const made = input(holder[key] ?? '', (value) => { holder[key] = value; changed(); });
  made.setAttribute('aria-label', t(`“${chinese}”的英文`, `English for “${chinese}”`));
  return h('tr', {}, h('th', { scope: 'row', colspan: 2 }, chinese), h('td', {}, made));
}

function* componentsOf(schema: { components?: FormField[] }): Generator<FormField> {
  for (const each of schema.components ?? []) {
    yield each;
    yield* componentsOf(each);
  }
}

