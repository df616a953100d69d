// Two versions of a diagram side by side, what differs marked on both and listed; both move together.
import { diff } from 'bpmn-js-differ';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import { token } from '../shell/colours';
import { t } from '../shell/words';
import { h } from './dom';
import { descriptor } from './spiff';
import type { Canvas, ElementRegistry, Moddle } from './types';

type Kind = 'added' | 'removed' | 'changed' | 'moved';

async function viewer(host: HTMLElement, xml: string): Promise<Moddle> {
  const made: Moddle = new NavigatedViewer({
    container: host,
    moddleExtensions: { spiffworkflow: descriptor },
    bpmnRenderer: { defaultFillColor: token('--cl-diagram-fill'), defaultStrokeColor: token('--cl-diagram-line'), defaultLabelColor: token('--cl-diagram-ink') },
    textRenderer: { defaultStyle: { fontFamily: getComputedStyle(document.body).fontFamily } },
  });
  await made.importXML(xml);
  return made;
}

function together(first: Moddle, second: Moddle): void {
  let following = false;
  const follow = (from: Moddle, to: Moddle): void => from.on('canvas.viewbox.changed', ({ viewbox }: { viewbox: { x: number; y: number; width: number; height: number } }) => {
    if (following) return;
    following = true;
    to.get('canvas').viewbox({ x: viewbox.x, y: viewbox.y, width: viewbox.width, height: viewbox.height });
    following = false;
  });
  follow(first, second);
  follow(second, first);
}

/** Draw both and mark what differs; how many differences there are. */
export async function compare(before: HTMLElement, after: HTMLElement, list: HTMLElement, old: string, fresh: string): Promise<number> {
  before.replaceChildren();
  after.replaceChildren();
  const first = await viewer(before, old);
  const second = await viewer(after, fresh);
  const found = diff(first.getDefinitions(), second.getDefinitions());
  const lines: HTMLElement[] = [];
  const words: Record<Kind, string> = { added: t('新增', 'Added'), removed: t('删除', 'Removed'), changed: t('修改', 'Changed'), moved: t('移动', 'Moved') };
  const note = (kind: Kind, id: string, sides: Moddle[], detail = ''): void => {
    const drawn = sides.filter((side) => side.get('elementRegistry').get(id));
    if (!drawn.length) return;
    for (const side of drawn) side.get('canvas').addMarker(id, `diff-${kind}`);
    const object = drawn[0].get('elementRegistry').get(id).businessObject;
    const show = (): void => drawn[0].get('canvas').scrollToElement(drawn[0].get('elementRegistry').get(id), 60);
    lines.push(h('li', { class: `key-${kind}` }, h('button', { type: 'button', click: show }, h('b', {}, words[kind]), ` ${object.name || object.id}`, detail ? h('span', { class: 'quiet' }, ` ${detail}`) : null)));
  };
  for (const id of Object.keys(found._added)) note('added', id, [second]);
  for (const id of Object.keys(found._removed)) note('removed', id, [first]);
  for (const [id, change] of Object.entries(found._changed)) note('changed', id, [first, second], Object.keys(change.attrs).map(attribute).filter((each, at, all) => all.indexOf(each) === at).join(t('、', ', ')));
  for (const id of Object.keys(found._layoutChanged)) if (!(id in found._changed)) note('moved', id, [first, second]);
  list.replaceChildren(lines.length ? h('ul', {}, ...lines) : h('p', { class: 'quiet' }, t('两张流程图没有差别。', 'The two diagrams do not differ.')));
  together(first, second);
  for (const side of [first, second]) fit(side);
  return lines.length;
}

function fit(side: Moddle): void {
  const canvas = side.get('canvas') as Canvas;
  if ((side.get('elementRegistry') as ElementRegistry).getAll().length < 2) return;
  canvas.zoom('fit-viewport', 'auto');
  canvas.zoom(Math.min(canvas.zoom() * 0.92, 1), 'auto');
}

function attribute(path: string): string {
  const [name = ''] = path.split(/[.[]/);
  const known: Record<string, string> = {
    name: t('名称', 'name'), conditionExpression: t('条件', 'condition'), default: t('默认出线', 'default flow'), extensionElements: t('办理设置', 'settings'), documentation: t('说明', 'notes'),
    sourceRef: t('起点', 'source'), targetRef: t('终点', 'target'), eventDefinitions: t('事件', 'event'), calledElement: t('调用的流程', 'called process'),
  };
  return known[name] ?? name;
}
