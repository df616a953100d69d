// The editor of a ruleset's draft: rules as forms, the whole text, trial and check on one page, kept as they are written.
import { dialog, field, h, icon, input } from '../modeler/dom';
import { installTabs } from '../modeler/tabs';
import { showToast } from '../shell/toasts';
import { t } from '../shell/words';
import { asked } from './asked';
import { CheckPane } from './checking';
import { Keeper } from './keeper';
import { RuleList } from './list';
import { RulePane } from './rule';
import { said, Studio } from './studio';
import { TryPane } from './trying';
import type { Given } from './types';
import { WholeText } from './whole';

function part<Found extends HTMLElement>(name: string): Found {
  const found = document.querySelector<Found>(`[data-${name}]`);
  if (!found) throw new Error(`the page lacks ${name}`);
  return found;
}

function start(): void {
  const page = part('studio');
  const given = JSON.parse(part('given').textContent ?? '{}') as Given;
  const studio = new Studio(given, page.dataset.base ?? '');
  studio.keeper = new Keeper(studio, part('saved'), part('undo'), part('redo'));
  const list = new RuleList(studio, part('list'));
  const pane = new RulePane(studio, part('rule'), list);
  const whole = new WholeText(studio, part('text'));
  const trying = new TryPane(studio, part('try'));
  const check = new CheckPane(studio, part('check'));
  studio.open = (rule) => pane.open(rule);
  studio.renew = () => pane.renew();
  let tab = 'rules';
  studio.openTab = installTabs(page, (name) => {
    const before = tab;
    tab = name;
    if (name === 'text') void studio.keeper.now().then(() => whole.show());
    if (name === 'try') void trying.show();
    if (name === 'rules' && before === 'text') void studio.keeper.now().then((kept) => {
      // Without its facts a ruleset has no names to offer; once they are mended the page is made anew.
      if (kept && !given.names && studio.draft.readable) studio.keeper.leave(window.location.pathname);
      else void pane.renew();
    });
  });
  studio.gotoLine = (line) => { studio.openTab('text'); void studio.keeper.now().then(() => whole.gotoLine(line)); };
  notes(studio, part('notes'));
  studio.onDraft(() => notes(studio, part('notes')));
  part('head').addEventListener('click', () => void head(studio));
  part('keys').addEventListener('click', () => void keys());
  part('submit').addEventListener('click', () => void submit(studio, check));
  part('cancel').addEventListener('click', () => part<HTMLDialogElement>('submit-dialog').close());
  shortcuts(studio, list);
  const wanted = decodeURIComponent(window.location.hash.slice(1));
  const rules = [...studio.draft.rules, ...studio.draft.shared];
  const first = rules.find((each) => each.id === wanted)?.id ?? studio.draft.rules.find((each) => !each.extends)?.id ?? rules[0]?.id ?? '';
  if (!studio.draft.readable || !given.names || studio.draft.head.kind === 'table') studio.openTab('text');
  void pane.open(first).then(() => { page.dataset.ready = 'yes'; });
}

/** What concerns the draft as a whole: that it waits, that it came back, that it cannot be read. */
function notes(studio: Studio, place: HTMLElement): void {
  const { draft } = studio;
  const lines: [string, string, string][] = [];
  if (draft.status !== 'editing') lines.push(['warning', 'clock', t('草稿已提交，正在检查、试跑或等待批准；撤回申请后才能修改。', 'The draft has been submitted and waits for its check, trial or approval; withdraw the request to change it.')]);
  if (draft.answer) lines.push(['warning', 'message-report', t(`上次退回的意见：${draft.answer}`, `It came back last time: ${draft.answer}`)]);
  if (!draft.readable) lines.push(['danger', 'alert-circle', t('全文不是有效的 YAML，请在“全文”中改好，规则才能逐条显示。', 'The text is not valid YAML; mend it under “Whole text” so that the rules can be shown.')]);
  const whole = draft.faults.filter((each) => !each.rule && draft.readable);
  if (whole.length) lines.push(['danger', 'alert-circle', whole.slice(0, 3).map((each) => `${each.file}:${each.line} ${said(each.message)}`).join('；')]);
  place.replaceChildren(...lines.map(([tone, symbol, words]) => h('p', { class: `notice tone-${tone}` }, icon(symbol), h('span', {}, words))));
}

async function head(studio: Studio): Promise<void> {
  const { title, effective_from } = studio.draft.head;
  const zh = input(title.zh, () => undefined, { maxlength: 200 });
  const en = input(title.en, () => undefined, { maxlength: 200 });
  const day = input(effective_from, () => undefined, { type: 'date' });
  const chosen = await asked(t('规则集标题与生效日', 'Title and effective date'), h('div', {}, field(t('中文标题', 'Title in Chinese'), zh), field(t('英文标题', 'Title in English'), en), field(t('自称的生效日', 'Effective from, as it says itself'), day)), [{ value: 'no', label: t('取消', 'Cancel') }, { value: 'yes', label: t('保存', 'Save'), primary: true }]);
  if (chosen === 'yes') await studio.keeper.change({ what: 'head', title: { zh: zh.value.trim(), en: en.value.trim() }, effective_from: day.value });
}

async function submit(studio: Studio, check: CheckPane): Promise<void> {
  if (studio.draft.status !== 'editing') {
    showToast({ text: t('草稿已提交。', 'The draft has been submitted already.'), tone: 'warning' });
    return;
  }
  studio.openTab('check');
  const report = await check.run();
  if (!report) return;
  if (!report.fit) {
    showToast({ text: t('还有问题，改好后才能提交。', 'There are faults; mend them before submitting.'), tone: 'warning' });
    return;
  }
  const submission = part<HTMLDialogElement>('submit-dialog');
  const lock = submission.querySelector<HTMLInputElement>('[name=lock]');
  if (lock) lock.value = String(studio.draft.lock);
  submission.showModal();
}

const keyRows = (): [string, string][] => [
  ['Ctrl S', t('立即保存', 'save now')], ['Alt ↑ / Alt ↓', t('上一条 / 下一条规则', 'rule before / after')], ['Alt N', t('新建规则', 'new rule')], ['Alt L', t('查找规则', 'find a rule')],
  ['Alt Z', t('撤销', 'undo')], ['Ctrl Space', t('补全（写成文字时）', 'complete, in writing')], ['↑ ↓ Enter Esc', t('在列表中选取', 'choose from a list')],
];

async function keys(): Promise<void> {
  await dialog(t('本页快捷键', 'Keys of this page'), h('dl', { class: 'shortcut-list' }, ...keyRows().flatMap(([key, words]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, words)])), [{ value: 'ok', label: t('知道了', 'Close'), primary: true }]);
}

function shortcuts(studio: Studio, list: RuleList): void {
  document.addEventListener('keydown', (event) => {
    // The texts have keys of their own, such as to move a line.
    if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 's') {
      event.preventDefault();
      void studio.keeper.now();
      return;
    }
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    const acts: Record<string, () => void> = {
      ArrowUp: () => step(-1), ArrowDown: () => step(1), KeyN: () => void list.add(), KeyZ: () => studio.keeper.undo(),
      KeyL: () => { studio.openTab('rules'); list.search.focus(); },
    };
    const act = acts[event.code];
    if (!act) return;
    event.preventDefault();
    act();
  });
  const step = (by: number): void => {
    const next = list.neighbour(by);
    if (next) void studio.open(next);
  };
}

document.addEventListener('DOMContentLoaded', start);
