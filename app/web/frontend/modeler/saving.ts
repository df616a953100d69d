// Keeps the draft a second after the last change, tells when, and never overwrites what somebody else has kept.
import { showToast } from '../shell/toasts';
import { t } from '../shell/words';
import { dialog, h } from './dom';
import type { Editor } from './editor';
import { download } from './files';
import { ask, Failure } from './server';
import type { Draft, Part } from './types';

/** As the server writes moments: on the Chinese wall clock, wherever the browser is; `2026-11-22 14:05`. */
const china = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'short' });

const quietMilliseconds = 1000;
const againMilliseconds = 8000;

export class Keeper {
  private waiting = new Set<Part>();
  private timer = 0;
  private running: Promise<boolean> | null = null;
  private stopped = false;
  onCasesRefused: (words: string) => void = () => undefined;

  constructor(private readonly editor: Editor, private readonly place: HTMLElement) {
    window.addEventListener('beforeunload', (event) => {
      if (this.waiting.size || this.running) event.preventDefault();
    });
    this.tell(t('已打开草稿', 'Draft opened'));
  }

  changed(part: Part): void {
    this.waiting.add(part);
    this.tell(t('未保存', 'Not saved yet'), 'warning');
    this.later(quietMilliseconds);
  }

  /** The editor is about to leave the page on purpose. */
  leave(address: string): void {
    this.waiting.clear();
    window.location.assign(address);
  }

  /** Keep everything now; whether all of it is kept. */
  async now(): Promise<boolean> {
    window.clearTimeout(this.timer);
    while (this.running) await this.running;
    if (!this.waiting.size || this.stopped) return !this.waiting.size;
    this.running = this.send();
    const done = await this.running;
    this.running = null;
    return done && this.waiting.size === 0;
  }

  private later(milliseconds: number): void {
    window.clearTimeout(this.timer);
    if (!this.stopped) this.timer = window.setTimeout(() => void this.now(), milliseconds);
  }

  private async send(): Promise<boolean> {
    const parts = [...this.waiting];
    this.waiting.clear();
    this.tell(t('保存中…', 'Saving…'));
    // Cases may be unfinished text: what else there is must be kept all the same.
    const groups = [parts.filter((each) => each !== 'cases'), parts.filter((each) => each === 'cases')].filter((each) => each.length);
    for (const group of groups) {
      try {
        await this.put(group);
        if (group[0] === 'cases') this.onCasesRefused('');
      } catch (problem) {
        if (!(await this.failed(problem as Failure, group))) return false;
      }
    }
    if (!this.waiting.size) this.tell(t(`已保存 ${clockTime()}`, `Saved ${clockTime()}`), 'success');
    return true;
  }

  private async put(parts: Part[]): Promise<void> {
    const draft = this.editor.draft;
    if (parts.includes('xml')) draft.xml = await this.editor.xml();
    const body: Record<string, unknown> = { lock: draft.lock };
    for (const part of parts) body[part] = draft[part];
    const answer = await ask<{ lock: number }>(`${this.editor.base}/draft`, 'PUT', body);
    draft.lock = answer.lock;
  }

  private async failed(problem: Failure, parts: Part[]): Promise<boolean> {
    if (problem.code === 'workflow.cases') {
      this.onCasesRefused(problem.message);
      this.tell(t('用例有误，未保存', 'Cases are wrong and not saved'), 'danger');
      return false;
    }
    for (const part of parts) this.waiting.add(part);
    this.tell(t('未能保存', 'Could not be saved'), 'danger');
    if (problem.status === 409) {
      this.stopped = true;
      await this.resolve(problem.message);
    } else {
      if (problem.status !== 0 && problem.status < 500) showToast({ text: problem.message, tone: 'danger' });
      this.later(againMilliseconds);
    }
    return false;
  }

  /** Somebody else has changed the draft: say who, and let the user keep a copy before taking theirs. */
  private async resolve(words: string): Promise<void> {
    const theirs = await ask<Draft>(`${this.editor.base}/draft`).catch(() => null);
    const who = theirs?.others.join(t('、', ', '));
    const text = h('div', {}, h('p', {}, words));
    if (who) text.append(h('p', {}, t(`参与绘制：${who}；最近保存：${local(theirs?.updated_at)}`, `Also drawn by ${who}; last saved ${local(theirs?.updated_at)}`)));
    const chosen = await dialog(t('草稿已被他人修改', 'Somebody else has changed this draft'), text, [
      { value: 'copy', label: t('先把我的流程图存成文件', 'Keep my diagram as a file first') },
      { value: 'reload', label: t('载入最新草稿', 'Load the latest draft'), primary: true },
    ]);
    if (chosen === 'copy') download(`${this.editor.draft.process}-mine.bpmn`, await this.editor.xml());
    if (chosen === 'reload') this.leave(window.location.href);
    else this.tell(t('未保存：请载入最新草稿', 'Not saved: load the latest draft'), 'danger');
  }

  private tell(words: string, tone = ''): void {
    this.place.textContent = words;
    this.place.dataset.tone = tone;
  }
}

function clockTime(): string {
  return china.format(new Date()).slice(-5);
}

function local(moment: string | undefined): string {
  return moment ? china.format(new Date(moment)) : '–';
}
