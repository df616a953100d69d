// Menus for business people: what the platform refuses is not offered, and every verb of the registry is.
import { t } from '../shell/words';
import { said } from './dom';
import type { Editor } from './editor';
import { makeOperator } from './spiff';
import type { Moddle, Shape, Step } from './types';

type Entries = Record<string, Moddle>;
type Change = Entries | ((entries: Entries) => Entries);
interface Provider { getPopupMenuEntries?(target: Shape): Change; getPaletteEntries?(): Change; getContextPadEntries?(target: Shape): Change }
interface Menu { registerProvider(id: string, priority: number, provider: Provider): void }
interface Registering { registerProvider(priority: number, provider: Provider): void }

const refused = /script|business-?rule|complex-?gateway|complex-?condition|ad-?hoc|transaction|signal|conditional|cancel-|link-/i;

function without(entries: Entries): Entries {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => !refused.test(name)));
}

function shapeOf(editor: Editor, step: Step): Shape {
  const factory = editor.modeler.get<{ createShape(attributes: object): Shape }>('elementFactory');
  const parameters = Object.fromEntries(step.parameters.filter((each) => each.required).map((each) => [each.name, each.name]));
  const operator = makeOperator(editor, { step: step.name, result: step.name.split('.').pop() ?? '', parameters });
  const elements = editor.create('bpmn:ExtensionElements', { values: [operator] });
  operator.$parent = elements;
  const object = editor.create('bpmn:ServiceTask', { name: said(step.title), extensionElements: elements });
  elements.$parent = object;
  return factory.createShape({ type: 'bpmn:ServiceTask', businessObject: object });
}

function verbs(editor: Editor, act: (event: Event, shape: Shape) => void): Entries {
  const entries: Entries = {};
  const group = { id: 'verbs', name: t('系统步骤', 'Steps of the platform') };
  for (const step of editor.offered.steps) {
    entries[`verb-${step.name}`] = {
      label: said(step.title), description: step.name, search: `${step.title.zh} ${step.title.en} ${step.name}`, className: 'bpmn-icon-service-task', group,
      action: { click: (event: Event) => act(event, shapeOf(editor, step)), dragstart: (event: Event) => act(event, shapeOf(editor, step)) },
    };
  }
  return entries;
}

export function installMenus(editor: Editor): void {
  const menus = editor.modeler.get<Menu>('popupMenu');
  const create = editor.modeler.get<{ start(event: Event, shape: Shape): void }>('create');
  const place = editor.modeler.get<{ append(source: Shape, shape: Shape): void }>('autoPlace');
  for (const id of ['bpmn-replace', 'bpmn-create', 'bpmn-append']) {
    menus.registerProvider(id, 400, { getPopupMenuEntries: () => without });
  }
  menus.registerProvider('bpmn-create', 500, {
    getPopupMenuEntries: () => verbs(editor, (event, shape) => { editor.modeler.get<{ close(): void }>('popupMenu').close(); create.start(event, shape); }),
  });
  menus.registerProvider('bpmn-append', 500, {
    getPopupMenuEntries: (target) => verbs(editor, (_event, shape) => { editor.modeler.get<{ close(): void }>('popupMenu').close(); place.append(target, shape); }),
  });
  const dropped = ['create.data-object', 'create.data-store', 'create.group'];
  editor.modeler.get<Registering>('palette').registerProvider(400, {
    getPaletteEntries: () => (entries: Entries) => {
      const kept = Object.fromEntries(Object.entries(entries).filter(([name]) => !dropped.includes(name)));
      return { ...kept, ...personTask(editor, create) };
    },
  });
}

/** A question to a person is what analysts draw most: it has a place of its own. */
function personTask(editor: Editor, create: { start(event: Event, shape: Shape): void }): Entries {
  const factory = editor.modeler.get<{ createShape(attributes: object): Shape }>('elementFactory');
  const start = (event: Event): void => create.start(event, factory.createShape({ type: 'bpmn:UserTask' }));
  return {
    'create.user-task': { group: 'activity', className: 'bpmn-icon-user-task', title: t('人工办理（用户任务）', 'User task'), action: { click: start, dragstart: start } },
  };
}
