// The engine's extension elements: how they are named in the file, and how they are read and written (undoably).
import type { Editor } from './editor';
import type { Moddle, Shape } from './types';

const text = (name: string): object => ({ name, isAttr: true, type: 'String' });

export const descriptor = {
  name: 'SpiffWorkflow',
  uri: 'http://spiffworkflow.org/bpmn/schema/1.0/core',
  prefix: 'spiffworkflow',
  xml: { tagAlias: 'lowerCase' },
  types: [
    { name: 'ServiceTaskOperator', superClass: ['Element'], properties: [text('id'), text('resultVariable'), { name: 'parameterList', type: 'Parameters' }] },
    { name: 'Parameters', superClass: ['Element'], properties: [{ name: 'parameters', type: 'Parameter', isMany: true }] },
    { name: 'Parameter', superClass: ['Element'], properties: [text('id'), text('type'), text('value')] },
    { name: 'Properties', superClass: ['Element'], properties: [{ name: 'properties', type: 'Property', isMany: true }] },
    { name: 'Property', superClass: ['Element'], properties: [text('name'), text('value')] },
  ],
};

export interface Operator { step: string; result: string; parameters: Record<string, string> }

function extension(object: Moddle, type: string): Moddle | undefined {
  return (object.extensionElements?.values ?? []).find((each: Moddle) => each.$type === type);
}

function replace(editor: Editor, element: Shape, type: string, made: Moddle | null): void {
  const object = element.businessObject;
  const kept = (object.extensionElements?.values ?? []).filter((each: Moddle) => each.$type !== type);
  const values = made ? [...kept, made] : kept;
  const elements = values.length ? editor.create('bpmn:ExtensionElements', { values }) : undefined;
  if (elements) {
    elements.$parent = object;
    for (const each of values) each.$parent = elements;
  }
  editor.modeling.updateModdleProperties(element, object, { extensionElements: elements });
}

export function readOperator(object: Moddle): Operator {
  const found = extension(object, 'spiffworkflow:ServiceTaskOperator');
  const parameters: Record<string, string> = {};
  for (const each of found?.parameterList?.parameters ?? []) parameters[each.id] = each.value ?? '';
  return { step: found?.id ?? '', result: found?.resultVariable ?? '', parameters };
}

export function makeOperator(editor: Editor, operator: Operator): Moddle {
  const step = editor.offered.steps.find((each) => each.name === operator.step);
  const kinds: Record<string, string> = { text: 'str', number: 'int', bool: 'bool', date: 'date', list: 'list' };
  const parameters = Object.entries(operator.parameters)
    .filter(([, value]) => value)
    .map(([id, value]) => editor.create('spiffworkflow:Parameter', { id, value, type: kinds[step?.parameters.find((each) => each.name === id)?.kind ?? ''] ?? 'any' }));
  const list = editor.create('spiffworkflow:Parameters', { parameters });
  for (const each of parameters) each.$parent = list;
  const made = editor.create('spiffworkflow:ServiceTaskOperator', { id: operator.step, resultVariable: operator.result || undefined, parameterList: list });
  list.$parent = made;
  return made;
}

export function writeOperator(editor: Editor, element: Shape, operator: Operator): void {
  replace(editor, element, 'spiffworkflow:ServiceTaskOperator', operator.step ? makeOperator(editor, operator) : null);
}

export function readProperty(object: Moddle, name: string): string {
  const found = extension(object, 'spiffworkflow:Properties')?.properties ?? [];
  return found.find((each: Moddle) => each.name === name)?.value ?? '';
}

export function writeProperty(editor: Editor, element: Shape, name: string, value: string): void {
  writeProperties(editor, element, { [name]: value });
}

export function writeProperties(editor: Editor, element: Shape, changed: Record<string, string>): void {
  const present = (extension(element.businessObject, 'spiffworkflow:Properties')?.properties ?? []) as Moddle[];
  const values: Record<string, string> = Object.fromEntries(present.map((each) => [each.name, each.value ?? '']));
  Object.assign(values, changed);
  const properties = Object.entries(values)
    .filter(([, each]) => each !== '')
    .map(([name, value]) => editor.create('spiffworkflow:Property', { name, value }));
  const made = editor.create('spiffworkflow:Properties', { properties });
  for (const each of properties) each.$parent = made;
  replace(editor, element, 'spiffworkflow:Properties', properties.length ? made : null);
}
