// How a rule came out on a record: each condition in words, and as a tree with the value of every node.
import { h } from '../modeler/dom';
import { t } from '../shell/words';
import { said } from './studio';
import type { Branch, Explained, Side } from './types';

const states: Record<string, [string, string]> = { true: ['成立', 'holds'], false: ['不成立', 'does not hold'], unknown: ['无法判断', 'unknown'], value: ['取值', 'value'], skipped: ['未查', 'not looked at'] };
const outcomes: Record<string, [string, string, string]> = { held: ['未违反', 'No finding', 'success'], violated: ['违反', 'Finding', 'danger'], not_judged: ['未判', 'Not judged', 'neutral'] };

export function outcomeMark(outcome: string): HTMLElement {
  const [zh, en, tone] = outcomes[outcome] ?? [outcome, outcome, 'neutral'];
  return h('span', { class: `status tone-${tone}` }, t(zh, en));
}

function state(node: Branch): HTMLElement {
  return h('span', { class: `branch-state state-${node.state}` }, t(...(states[node.state] ?? [node.state, node.state])));
}

function branch(node: Branch): HTMLElement {
  return h('li', { class: `branch state-${node.state}` }, state(node), node.label ? h('span', {}, said(node.label)) : null, h('code', {}, node.text),
    node.shown !== null ? h('span', { class: 'branch-value' }, `= ${node.shown || t('（空）', '(empty)')}`) : null,
    node.children.length ? h('ul', {}, ...node.children.map(branch)) : null);
}

function side(label: string, found: Side): HTMLElement[] {
  return [h('dt', {}, label), h('dd', {}, said(found.words), ' ', state(found.node))];
}

export function explanation(explained: Explained, open = false): HTMLElement {
  const decisive = explained.checks.filter((each) => each.violated);
  const shown = decisive.length ? decisive : explained.checks;
  return h('div', { class: 'why' },
    explained.outcome === 'not_judged' ? h('p', { class: 'quiet' }, t(`前提规则 ${explained.waiting.join('、')} 未通过，因此未判。`, `Not judged, since the rules it needs did not hold: ${explained.waiting.join(', ')}.`)) : null,
    ...shown.slice(0, 20).map((check) => h('div', { class: 'why-check' },
      h('dl', { class: 'why-words' }, ...(check.when ? side(t('当', 'When'), check.when) : []), ...side(t('须', 'Then'), check.require)),
      h('details', { open }, h('summary', {}, t('逐步推演', 'Step by step')), h('ul', { class: 'branches' }, ...(check.when ? [branch(check.when.node)] : []), branch(check.require.node))))));
}
