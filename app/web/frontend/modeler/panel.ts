// The properties of what is selected, in the words of the business.
import { t } from '../shell/words';
import { area, button, choice, field, h, input, said, section, type Option } from './dom';
import type { Editor } from './editor';
import { conditionEditor } from './conditions';
import { newForm } from './forms';
import { processPanel } from './process_panel';
import { readOperator, readProperty, writeOperator, writeProperties, writeProperty } from './spiff';
import type { Moddle, Shape } from './types';

export function installPanel(editor: Editor, place: HTMLElement, openForm: (name: string) => void): () => void {
  let shown: Shape | undefined;
  const draw = (): void => {
    if (editor.quiet) return;
    const selected = editor.selection.get();
    const element = selected.length === 1 ? selected[0] : undefined;
    const typing = place.contains(document.activeElement) && shown === element;
    if (typing && document.activeElement?.matches('textarea, input:not([type=checkbox])')) return;
    shown = element;
    const root = editor.canvas.getRootElement();
    if (selected.length > 1) place.replaceChildren(h('p', { class: 'quiet' }, t(`选中了 ${selected.length} 个元素`, `${selected.length} elements are selected`)));
    else if (!element || element === root) place.replaceChildren(processPanel(editor));
    else place.replaceChildren(elementPanel(editor, element.labelTarget ?? element, openForm));
  };
  editor.modeler.on('selection.changed', draw);
  editor.modeler.on('import.done', draw);
  editor.modeler.on('commandStack.changed', draw);
  draw();
  return draw;
}

function elementPanel(editor: Editor, element: Shape, openForm: (name: string) => void): HTMLElement {
  const object = element.businessObject;
  const parts: (HTMLElement | null)[] = [nameSection(editor, element)];
  const timer = definition(object, 'bpmn:TimerEventDefinition');
  if (object.$type === 'bpmn:Task') parts.push(kindSection(editor, element));
  if (object.$type === 'bpmn:ServiceTask') parts.push(stepSection(editor, element));
  if (object.$type === 'bpmn:UserTask') parts.push(questionSection(editor, element, openForm), orderSection(editor, element));
  if (object.$type === 'bpmn:CallActivity') parts.push(callSection(editor, element));
  if (object.$type === 'bpmn:SequenceFlow') parts.push(flowSection(editor, element));
  if (timer) parts.push(timerSection(editor, element, timer));
  const message = definition(object, 'bpmn:MessageEventDefinition') ?? (object.$type === 'bpmn:ReceiveTask' ? object : undefined);
  if (message) parts.push(referenceSection(editor, element, message, 'messageRef', 'bpmn:Message', t('消息', 'Message'), t('消息名称', 'Name of the message')));
  const error = definition(object, 'bpmn:ErrorEventDefinition');
  if (error) parts.push(referenceSection(editor, element, error, 'errorRef', 'bpmn:Error', t('错误', 'Error'), t('错误代码', 'Error code')));
  if (object.loopCharacteristics?.$type === 'bpmn:MultiInstanceLoopCharacteristics') parts.push(listSection(editor, element));
  return h('div', {}, ...parts);
}

function definition(object: Moddle, type: string): Moddle | undefined {
  return (object.eventDefinitions ?? []).find((each: Moddle) => each.$type === type);
}

function nameSection(editor: Editor, element: Shape): HTMLElement {
  const object = element.businessObject;
  const name = area(object.name ?? '', (value) => editor.modeling.updateProperties(element, { name: value || undefined }));
  const note = area(object.documentation?.[0]?.text ?? '', (value) => {
    const made = value ? [editor.create('bpmn:Documentation', { text: value })] : [];
    editor.modeling.updateProperties(element, { documentation: made });
  });
  const english = object.$instanceOf?.('bpmn:FlowNode') ? field(t('英文名称', 'English name'), input(readProperty(object, 'name_en'), (value) => writeProperty(editor, element, 'name_en', value), { maxlength: 100 })) : null;
  return section(t('基本', 'General'), field(t('名称', 'Name'), name), english, field(t('办理说明', 'Notes for who works on it'), note), h('p', { class: 'quiet code' }, object.id));
}

function kindSection(editor: Editor, element: Shape): HTMLElement {
  const replace = editor.modeler.get<{ replaceElement(element: Shape, target: object): Shape }>('bpmnReplace');
  const become = (type: string) => () => { editor.selection.select(replace.replaceElement(element, { type })); };
  return section(t('由谁办理', 'Who does this'), h('div', { class: 'panel-buttons' }, button(t('系统步骤', 'The platform'), 'settings', become('bpmn:ServiceTask')), button(t('人工办理', 'A person'), 'user', become('bpmn:UserTask'))));
}

function stepSection(editor: Editor, element: Shape): HTMLElement {
  const operator = readOperator(element.businessObject);
  const step = editor.offered.steps.find((each) => each.name === operator.step);
  const steps: Option[] = editor.offered.steps.map((each) => ({ value: each.name, label: said(each.title), group: each.room }));
  const known = editor.known(element);
  const list = h('datalist', { id: 'known-variables' }, ...known.map((name) => h('option', { value: name })));
  const kinds: Record<string, string> = { text: t('文本', 'text'), number: t('数字', 'number'), bool: t('是或否', 'yes or no'), date: t('日期', 'date'), list: t('列表', 'list') };
  const parameters = (step?.parameters ?? []).map((each) => field(
    `${each.name}${each.required ? ' *' : ''}`,
    input(operator.parameters[each.name] ?? '', (value) => writeOperator(editor, element, { ...operator, parameters: { ...operator.parameters, [each.name]: value } }), { list: 'known-variables', class: 'form-control code' }),
    `${kinds[each.kind] ?? ''} ${t('，填流程数据的名字', '; the name of a variable of the process')}`.trim(),
  ));
  return section(t('系统步骤', 'Step of the platform'), list,
    field(t('步骤', 'Step'), choice(steps, operator.step, (value) => {
      const chosen = editor.offered.steps.find((each) => each.name === value);
      const filled = Object.fromEntries((chosen?.parameters ?? []).filter((each) => each.required).map((each) => [each.name, known.includes(each.name) ? each.name : operator.parameters[each.name] ?? each.name]));
      writeOperator(editor, element, { step: value, result: operator.result || (value.split('.').pop() ?? ''), parameters: filled });
      if (!element.businessObject.name && chosen) editor.modeling.updateProperties(element, { name: said(chosen.title) });
    })),
    ...parameters,
    field(t('结果存为', 'Keep the result as'), input(operator.result, (value) => writeOperator(editor, element, { ...operator, result: value }), { class: 'form-control code' })));
}

function questionSection(editor: Editor, element: Shape, openForm: (name: string) => void): HTMLElement {
  const object = element.businessObject;
  const form = readProperty(object, 'form');
  const result = readProperty(object, 'result');
  const set = (name: string) => (value: string): void => writeProperty(editor, element, name, value);
  const forms = Object.entries(editor.draft.forms).map(([name, schema]) => ({ value: name, label: said(schema.title) || name }));
  const use = (name: string): void => {
    const kept = result || (name.split('/').pop() ?? '');
    writeProperties(editor, element, { form: name, result: kept });
    editor.learnFacts(kept, name);
  };
  const roles = editor.offered.roles.map((each) => ({ value: each.name, label: said(each.title) }));
  const permissions = editor.offered.permissions.map((each) => ({ value: each.name, label: said(each.title), group: each.name.split('.')[0] }));
  return section(t('人工办理', 'Work of a person'),
    field(t('表单', 'Form'), choice(forms, form, use)),
    h('div', { class: 'panel-buttons' },
      button(t('新建表单', 'New form'), 'plus', () => void newForm(editor).then((name) => { if (name) { use(name); openForm(name); } })),
      form && editor.draft.forms[form] ? button(t('编辑表单', 'Edit the form'), 'edit', () => openForm(form)) : null),
    field(t('办理岗位', 'Role'), choice(roles, readProperty(object, 'role'), set('role'))),
    field(t('所需权限', 'Permission needed'), choice(permissions, readProperty(object, 'permission'), set('permission'), t('（不另限制）', '(no further limit)'))),
    field(t('答复存为', 'Keep the answers as'), input(result, (value) => { set('result')(value); editor.learnFacts(value, form); }, { class: 'form-control code' })));
}

function orderSection(editor: Editor, element: Shape): HTMLElement {
  const object = element.businessObject;
  const others = editor.elements.filter((each) => each.type === 'bpmn:UserTask' && each !== element);
  const barred = new Set(readProperty(object, 'not_by').split(',').map((each) => each.trim()).filter(Boolean));
  const box = (id: string, label: string): HTMLElement => {
    const made = h('input', { type: 'checkbox', change: () => {
      if (made.checked) barred.add(id); else barred.delete(id);
      writeProperty(editor, element, 'not_by', [...barred].join(', '));
    } });
    made.checked = barred.has(id);
    return h('label', { class: 'check' }, made, label);
  };
  return section(t('时限与双人复核', 'Time limit and four eyes'),
    limitField(t('办理时限', 'Time limit'), readProperty(object, 'within'), (value) => writeProperty(editor, element, 'within', value)),
    field(t('优先级（0–100）', 'Priority (0–100)'), input(readProperty(object, 'priority'), (value) => writeProperty(editor, element, 'priority', value), { type: 'number', min: 0, max: 100, placeholder: '50' })),
    h('fieldset', {}, h('legend', {}, t('以下步骤的办理人不得办理', 'Whoever did one of these may not do this')), box('start', t('发起人', 'who started it')), ...others.map((each) => box(each.id, each.businessObject.name || each.id))));
}

/** A limit as number and unit; what is written otherwise (ISO, several units) stays as text. */
export function limitField(label: string, value: string, change: (value: string) => void): HTMLElement {
  const units: [string, string, string][] = [['working days', '个工作日', 'working days'], ['days', '个自然日', 'calendar days'], ['hours', '小时', 'hours'], ['minutes', '分钟', 'minutes']];
  const found = /^(\d+) (working days?|days?|hours?|minutes?)$/.exec(value.trim());
  const single = (unit: string): string => unit.replace(/s$/, '');
  if (value && !found) return field(label, input(value, change, { class: 'form-control code' }));
  const unit = choice(units.map(([name, zh, en]) => ({ value: name, label: t(zh, en) })), units.find(([name]) => single(name) === single(found?.[2] ?? ''))?.[0] ?? 'working days', () => write(), '–');
  unit.setAttribute('aria-label', t('单位', 'Unit'));
  const count = input(found?.[1] ?? '', () => write(), { type: 'number', min: 1, max: 9999 });
  const write = (): void => change(Number(count.value) > 0 ? `${Number(count.value)} ${count.value === '1' ? single(unit.value) : unit.value}` : '');
  const made = field(label, count);
  made.classList.add('limit');
  made.append(unit);
  return made;
}

function timerSection(editor: Editor, element: Shape, timer: Moddle): HTMLElement {
  return section(t('定时', 'Timer'), limitField(t('等待', 'Wait for'), timer.timeDuration?.body ?? '', (value) => {
    const made = value ? editor.create('bpmn:FormalExpression', { body: value }) : undefined;
    if (made) made.$parent = timer;
    editor.modeling.updateModdleProperties(element, timer, { timeDuration: made });
  }));
}

function referenceSection(editor: Editor, element: Shape, holder: Moddle, property: string, type: string, title: string, label: string): HTMLElement {
  const definitions = editor.modeler.getDefinitions();
  const code = type === 'bpmn:Error' ? 'errorCode' : 'name';
  const known = (definitions.rootElements ?? []).filter((each: Moddle) => each.$type === type);
  const list = h('datalist', { id: 'known-references' }, ...known.map((each: Moddle) => h('option', { value: each[code] ?? '' })));
  const write = (value: string): void => {
    let found = known.find((each: Moddle) => each[code] === value);
    if (value && !found) {
      found = editor.create(type, { name: value, ...(type === 'bpmn:Error' ? { errorCode: value } : {}) });
      found.$parent = definitions;
      definitions.get('rootElements').push(found);
    }
    editor.modeling.updateModdleProperties(element, holder, { [property]: value ? found : undefined });
  };
  return section(title, list, field(label, input(holder[property]?.[code] ?? '', write, { list: 'known-references' })));
}

function callSection(editor: Editor, element: Shape): HTMLElement {
  const options = editor.offered.processes.filter((each) => each.name !== editor.draft.process).map((each) => ({ value: each.name, label: said(each.title) }));
  return section(t('调用流程', 'Called process'), field(t('流程', 'Process'), choice(options, element.businessObject.calledElement ?? '', (value) => editor.modeling.updateProperties(element, { calledElement: value || undefined }))),
    field(t('结果存为', 'Result kept as'), input(readProperty(element.businessObject, 'result'), (value) => writeProperty(editor, element, 'result', value), { placeholder: element.id })));
}

function listSection(editor: Editor, element: Shape): HTMLElement {
  const loop = element.businessObject.loopCharacteristics;
  const set = (values: object): void => editor.modeling.updateModdleProperties(element, loop, values);
  const reference = (value: string): Moddle => (value ? editor.create('bpmn:DataInput', { id: value, name: value }) : undefined);
  return section(t('多实例', 'Once for each of a list'),
    field(t('列表数据', 'List'), input(loop.loopDataInputRef?.id ?? '', (value) => set({ loopDataInputRef: reference(value) }), { class: 'form-control code' }), t('流程数据中一个列表的名字', 'the name of a list among the data of the process')),
    field(t('每项存为', 'Keep each as'), input(loop.inputDataItem?.id ?? '', (value) => set({ inputDataItem: reference(value) }), { class: 'form-control code' })));
}

function flowSection(editor: Editor, element: Shape): HTMLElement {
  const flow = element.businessObject;
  const source = flow.sourceRef;
  const splits = ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway'].includes(source?.$type);
  if (!splits) return section(t('连线', 'Flow'), h('p', { class: 'quiet' }, t('只有从排他或包容网关出来的连线才有条件。', 'Only flows out of an exclusive or inclusive gateway have a condition.')));
  const isDefault = source.default === flow;
  const made = h('input', { type: 'checkbox', change: () => {
    const gateway = editor.elements.get(source.id);
    if (!gateway) return;
    editor.modeling.updateProperties(gateway, { default: made.checked ? flow : undefined });
    if (made.checked) editor.modeling.updateProperties(element, { conditionExpression: undefined });
  } });
  made.checked = isDefault;
  return section(t('条件', 'Condition'), h('label', { class: 'check' }, made, t('默认出线：其他条件都不成立时走这条', 'Default: taken when no other condition holds')), isDefault ? null : conditionEditor(editor, element));
}
