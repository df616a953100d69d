// The entry form of a supplement: checked by the server while one types, findings beside their fields, kept as a draft by itself.
import { h, icon } from '../modeler/dom';
import { ask, Failure } from '../modeler/server';
import { t } from '../shell/words';

interface Stand { shown: boolean; needed: boolean; table: string; meaning: string; problem: string }
interface Said { rule: string; code: string; tag: string; severity: string; title: string; why: string }
interface Checked { items: Record<string, Stand>; said: Said[]; others: Record<string, string>; blocks: number; faults: number; derived: boolean; due: boolean; whole: boolean }

const checkAfter = 220;
const saveAfter = 2500;

class Desk {
  private turn = 0;
  private checking: number | undefined;
  private saving: number | undefined;
  private changed = false;
  private readonly touched = new Set<string>();
  private readonly lists = new Map<string, Promise<[string, string][]>>();

  constructor(private readonly form: HTMLFormElement) {
    form.addEventListener('input', (event) => this.typed(event.target));
    form.addEventListener('focusin', (event) => { if (event.target instanceof HTMLInputElement && event.target.dataset.table) void this.fill(event.target); });
    form.addEventListener('focusout', (event) => { if (event.target instanceof HTMLInputElement) this.touched.add(event.target.id); });
    form.addEventListener('submit', () => { this.changed = false; window.clearTimeout(this.saving); });
    document.querySelector('[data-save]')?.addEventListener('click', () => void this.save());
    document.addEventListener('keydown', (event) => this.onKey(event));
    window.addEventListener('beforeunload', (event) => { if (this.changed) event.preventDefault(); });
    form.querySelectorAll('[data-problem]:not([hidden])').forEach((each) => this.touched.add(`v-${each.closest<HTMLElement>('[data-entry]')?.dataset.entry}`));
    void this.check();
  }

  private given(): Record<string, string> {
    const values: Record<string, string> = {};
    for (const [name, value] of new FormData(this.form)) if (typeof value === 'string' && name !== 'csrf_token') values[name] = value;
    return values;
  }

  private typed(target: EventTarget | null): void {
    if (target instanceof HTMLInputElement && target.name.startsWith('v.') && target.value) {
      const empty = target.closest('[data-entry]')?.querySelector<HTMLInputElement>('[name^="e."]');
      if (empty) empty.checked = false;
    } else if (target instanceof HTMLInputElement && target.name.startsWith('e.') && target.checked) {
      const value = target.closest('[data-entry]')?.querySelector<HTMLInputElement>('[name^="v."]');
      if (value) value.value = '';
    }
    this.changed = true;
    window.clearTimeout(this.checking);
    window.clearTimeout(this.saving);
    this.checking = window.setTimeout(() => void this.check(), checkAfter);
    this.saving = window.setTimeout(() => void this.save(), saveAfter);
  }

  private async check(): Promise<void> {
    const turn = ++this.turn;
    const begun = performance.now();
    try {
      const said = await ask<Checked>(this.form.dataset.check ?? '', 'POST', this.given());
      if (turn !== this.turn) return;
      this.show(said);
      const timing = document.querySelector('[data-timing]');
      if (timing) timing.textContent = `${Math.round(performance.now() - begun)} ms`;
      this.form.dataset.checked = String(turn);
    } catch (failure) {
      if (turn === this.turn && failure instanceof Failure) this.verdict([h('p', { class: 'problem mb-0' }, failure.message)]);
    }
  }

  private show(said: Checked): void {
    for (const entry of this.form.querySelectorAll<HTMLElement>('[data-entry]')) {
      const tag = entry.dataset.entry ?? '';
      const stand = said.items[tag];
      if (stand) this.stand(entry, stand, said.said.filter((each) => each.tag === tag));
    }
    for (const set of this.form.querySelectorAll<HTMLElement>('fieldset')) {
      set.hidden = !set.querySelector('[data-entry]:not([hidden])');
    }
    for (const place of this.form.querySelectorAll<HTMLElement>('[data-other]')) {
      const name = place.dataset.other ?? '';
      const told = this.touched.has(name) ? said.others[name] ?? '' : '';
      place.textContent = told;
      this.form.querySelector(`#${name}`)?.toggleAttribute('aria-invalid', Boolean(told));
    }
    this.judge(said);
  }

  private stand(entry: HTMLElement, stand: Stand, said: Said[]): void {
    const input = entry.querySelector<HTMLInputElement>('[name^="v."]');
    if (!input) return;
    entry.hidden = !stand.shown && !input.value && !said.length;
    const needed = entry.querySelector<HTMLElement>('[data-needed]');
    if (needed) needed.hidden = !stand.needed;
    if (input.dataset.table !== undefined && stand.table && stand.table !== input.dataset.table) {
      input.dataset.table = stand.table;
      input.list?.replaceChildren();
    }
    const meaning = entry.querySelector('[data-meaning]');
    if (meaning) meaning.textContent = stand.meaning;
    const problem = entry.querySelector<HTMLElement>('[data-problem]');
    // What is missing is only said of a field that somebody has been at.
    const told = input.value || this.touched.has(input.id) ? stand.problem : '';
    if (problem) { problem.textContent = told; problem.hidden = !told; }
    entry.querySelector('[data-said]')?.replaceChildren(...said.map((each) => h('div', { class: `entry-said tone-${each.severity === 'block' ? 'danger' : 'warning'}` },
      h('p', {}, icon('alert-circle'), h('span', { class: 'code' }, each.rule), ` ${each.title}`), h('p', { class: 'quiet' }, t('要求：', 'It demands: '), each.why))));
    if (told || said.some((each) => each.severity === 'block')) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }

  private judge(said: Checked): void {
    const parts: Node[] = [];
    if (!said.derived) parts.push(h('p', { class: 'quiet' }, t('现有数据还生成不出记录，先补齐必填项和相关的行。', 'No record can be made of what there is yet: fill what is needed, and the rows it belongs to.')));
    else if (!said.due) parts.push(h('p', { class: 'quiet' }, t('下一批次暂无应报，按首次报送判断。', 'Nothing is due with the next batch; judged as a first report.')));
    const state = said.blocks ? 'danger' : said.faults ? 'warning' : 'success';
    const words = said.blocks ? t(`${said.blocks} 处会被拦截`, `${said.blocks} would be held back`) : said.faults ? t(`还有 ${said.faults} 项要补齐或更正`, `${said.faults} more to fill or to mend`) : said.derived ? t('没有会被拦截的问题', 'nothing would be held back') : '';
    if (words) parts.push(h('p', { class: `status tone-${state}`, 'data-outcome': state }, words));
    const elsewhere = said.said.filter((each) => !each.tag);
    if (elsewhere.length) parts.push(h('p', { class: 'quiet' }, t('记录中本表单以外的问题：', 'Found elsewhere in the record:')), h('ul', {}, ...elsewhere.map((each) => h('li', {}, h('span', { class: 'code' }, each.rule), ` ${each.title}`))));
    if (said.others.items) parts.push(h('p', { class: 'quiet' }, said.others.items));
    this.verdict(parts);
  }

  private verdict(parts: Node[]): void {
    document.querySelector('[data-verdict]')?.replaceChildren(...parts);
  }

  private async fill(input: HTMLInputElement): Promise<void> {
    const table = input.dataset.table ?? '';
    const list = input.list;
    if (!list || list.dataset.of === table) return;
    if (!this.lists.has(table)) this.lists.set(table, ask<[string, string][]>((this.form.dataset.codes ?? '').replace('TABLE', encodeURIComponent(table))));
    const pairs = await this.lists.get(table)?.catch(() => []);
    list.dataset.of = table;
    list.replaceChildren(...(pairs ?? []).map(([code, title]) => h('option', { value: code }, `${code} ${title}`)));
  }

  private async save(): Promise<void> {
    window.clearTimeout(this.saving);
    try {
      const kept = await ask<{ lock: number }>(this.form.dataset.saveAt ?? '', 'POST', { ...this.given(), lock: this.form.dataset.lock ?? '' });
      this.form.dataset.lock = String(kept.lock);
      this.changed = false;
      this.told(t('草稿已保存', 'The draft is saved'));
    } catch (failure) {
      if (failure instanceof Failure) this.told(failure.message);
    }
  }

  private told(words: string): void {
    const place = document.querySelector('[data-saved]');
    if (place) place.textContent = words;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.isComposing || document.querySelector('dialog[open]')) return;
    if ((event.ctrlKey || event.metaKey) && event.key === 's') {
      event.preventDefault();
      void this.save();
    } else if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') {
      event.preventDefault();
      this.form.requestSubmit();
    } else if (event.altKey && event.key.toLowerCase() === 'n') {
      event.preventDefault();
      const wrong = [...this.form.querySelectorAll<HTMLElement>('[aria-invalid=true]')];
      const at = wrong.indexOf(document.activeElement as HTMLElement);
      wrong[(at + 1) % Math.max(1, wrong.length)]?.focus();
    }
  }
}

const form = document.querySelector<HTMLFormElement>('[data-desk]');
if (form) new Desk(form);
