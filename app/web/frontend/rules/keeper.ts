// Keeps what is written a moment after the last key, one request after the other; undoes it; never overwrites what somebody else has kept.
import { dialog, h } from '../modeler/dom';
import { download } from '../modeler/files';
import { ask, Failure } from '../modeler/server';
import { showToast } from '../shell/toasts';
import { t } from '../shell/words';
import type { Studio } from './studio';
import type { Changed, Draft, Texts } from './types';

type Change = Record<string, unknown>;
const quietMilliseconds = 700;
const againMilliseconds = 8000;
const mostUndone = 200;
const china = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'short' });

export class Keeper {
  private waiting: { key: string; make: () => Change | Texts; whole: boolean; done?: (answer: Changed) => void }[] = [];
  private timer = 0;
  private running: Promise<boolean> | null = null;
  private stopped = false;
  /** What the server would not take; it stays in its form until it is mended. */
  private refused = '';
  private readonly undone: Texts[] = [];
  private readonly redone: Texts[] = [];

  constructor(private readonly studio: Studio, private readonly place: HTMLElement, private readonly undoButton: HTMLButtonElement, private readonly redoButton: HTMLButtonElement) {
    window.addEventListener('beforeunload', (event) => {
      if (this.waiting.length || this.running || this.refused) event.preventDefault();
    });
    undoButton.addEventListener('click', () => void this.back(this.undone, this.redone));
    redoButton.addEventListener('click', () => void this.back(this.redone, this.undone));
    this.tell(t('已打开草稿', 'Draft opened'));
  }

  /** Something was written that is to be kept soon; of the same key the last counts. */
  later(key: string, make: () => Change): void {
    if (this.closed()) return;
    this.put(key, make, false);
    this.tell(t('未保存', 'Not saved yet'), 'warning');
    this.wait(quietMilliseconds);
  }

  laterTexts(make: () => Texts): void {
    if (this.closed()) return;
    this.put('texts', make, true);
    this.tell(t('未保存', 'Not saved yet'), 'warning');
    this.wait(quietMilliseconds);
  }

  /** Make a change now, after all that waits; what came of it, or null. */
  async change(change: Change): Promise<Changed | null> {
    let answer: Changed | null = null;
    if (this.closed()) return answer;
    this.put(`now-${Math.random()}`, () => change, false, (given) => { answer = given; });
    await this.now();
    return answer;
  }

  /** A draft that has been submitted is not changed any more; whoever tries is told. */
  private closed(): boolean {
    if (this.studio.draft.status === 'editing') return false;
    showToast({ text: t('草稿已提交，撤回申请后才能修改。这里的改动没有保存。', 'The draft has been submitted; withdraw the request to change it. What you changed here is not kept.'), tone: 'warning' });
    return true;
  }

  /** Whether something of that key is still to be sent. */
  waits(key: string): boolean {
    return this.waiting.some((each) => each.key === key);
  }

  /** Whether the server would not take what was written last; `forget` gives it up. */
  get refuses(): boolean {
    return this.refused !== '';
  }

  forget(): void {
    this.refused = '';
    this.tell(t('已放弃未保存的改动', 'What was not saved is given up'));
  }

  private put(key: string, make: () => Change | Texts, whole: boolean, done?: (answer: Changed) => void): void {
    this.waiting = [...this.waiting.filter((each) => each.key !== key), { key, make, whole, done }];
    if (this.refused === key) this.refused = '';
  }

  /** Keep everything now; whether all of it is kept. */
  async now(): Promise<boolean> {
    window.clearTimeout(this.timer);
    while (this.running) await this.running;
    if (!this.waiting.length || this.stopped) return !this.waiting.length && !this.refused;
    this.running = this.send();
    const done = await this.running;
    this.running = null;
    return done && this.waiting.length === 0 && !this.refused;
  }

  private wait(milliseconds: number): void {
    window.clearTimeout(this.timer);
    if (!this.stopped) this.timer = window.setTimeout(() => void this.now(), milliseconds);
  }

  private async send(): Promise<boolean> {
    this.tell(t('保存中…', 'Saving…'));
    while (this.waiting.length) {
      const next = this.waiting.shift()!;
      try {
        const lock = this.studio.draft.lock;
        const answer = next.whole
          ? await ask<Changed>(this.studio.base, 'PUT', { lock, texts: next.make() })
          : await ask<Changed>(`${this.studio.base}/change`, 'POST', { ...(next.make() as Change), lock });
        this.took(answer, lock);
        next.done?.(answer);
      } catch (problem) {
        if (!(await this.failed(problem as Failure, next))) return false;
      }
    }
    this.tell(t(`已保存 ${china.format(new Date()).slice(-5)}`, `Saved ${china.format(new Date()).slice(-5)}`), 'success');
    this.buttons();
    return true;
  }

  /** The server has kept a change that stood against the draft of that lock: it can be undone. */
  took(answer: Changed, lock = this.studio.draft.lock): void {
    if (answer.lock !== lock) {
      this.undone.push(answer.before);
      if (this.undone.length > mostUndone) this.undone.shift();
      this.redone.length = 0;
    }
    this.studio.take(answer);
    this.buttons();
  }

  private async failed(problem: Failure, change: (typeof this.waiting)[number]): Promise<boolean> {
    if (problem.status === 409 && problem.code === 'rules.draft_changed') {
      this.waiting.unshift(change);
      this.stopped = true;
      this.tell(t('未能保存', 'Could not be saved'), 'danger');
      await this.resolve(problem, change.make());
      return false;
    }
    if (problem.status === 0 || problem.status >= 500) {
      this.waiting.unshift(change);
      this.tell(t('未能保存，稍后重试', 'Could not be saved; trying again'), 'danger');
      this.wait(againMilliseconds);
      return false;
    }
    // What was refused stays in the form, where it can be mended; a single act is simply not done.
    if (!change.done) this.refused = change.key;
    showToast({ text: problem.message, tone: 'danger' });
    this.tell(t('有内容未保存', 'Something is not saved'), 'danger');
    return false;
  }

  /** Somebody else has changed the draft: say who, and let the user keep a copy before taking theirs. */
  private async resolve(problem: Failure, mine: Change | Texts): Promise<void> {
    const theirs = await ask<Draft>(`${this.studio.base}/state`).catch(() => null);
    const text = h('div', {}, h('p', {}, problem.message));
    if (theirs) text.append(h('p', {}, t(`最近由 ${theirs.updated_by} 于 ${china.format(new Date(theirs.updated_at))} 保存`, `Last saved by ${theirs.updated_by} at ${china.format(new Date(theirs.updated_at))}`)));
    const chosen = await dialog(t('草稿已被他人修改', 'Somebody else has changed this draft'), text, [
      { value: 'copy', label: t('先把我的改动存成文件', 'Keep my change as a file first') },
      { value: 'reload', label: t('载入最新草稿', 'Load the latest draft'), primary: true },
    ]);
    if (chosen === 'copy') download(`${this.studio.draft.ruleset}-mine.json`, JSON.stringify(mine, null, 2));
    if (chosen === 'reload') this.leave(window.location.href);
    else this.tell(t('未保存：请载入最新草稿', 'Not saved: load the latest draft'), 'danger');
  }

  leave(address: string): void {
    this.waiting = [];
    this.refused = '';
    window.location.assign(address);
  }

  private async back(from: Texts[], to: Texts[]): Promise<void> {
    if (this.closed() || !(await this.now()) || !from.length) return;
    const texts = from.pop()!;
    try {
      const answer = await ask<Changed>(this.studio.base, 'PUT', { lock: this.studio.draft.lock, texts });
      to.push(answer.before);
      this.studio.take(answer);
      await this.studio.renew();
      this.tell(t('已撤回一步并保存', 'One step undone and saved'), 'success');
    } catch (problem) {
      from.push(texts);
      showToast({ text: (problem as Error).message, tone: 'danger' });
    }
    this.buttons();
  }

  undo(): void {
    this.undoButton.click();
  }

  private buttons(): void {
    this.undoButton.disabled = !this.undone.length;
    this.redoButton.disabled = !this.redone.length;
  }

  private tell(words: string, tone = ''): void {
    this.place.textContent = words;
    this.place.dataset.tone = tone;
  }
}
