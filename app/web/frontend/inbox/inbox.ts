// The keyboard of the inbox: j and k move, Enter opens, x ticks, c claims, r gives back; on a task n and p go on and back.
// The page works without any of this: every key presses a button or follows a link that is there.
const sequenceMilliseconds = 1200;
let goPressedAt = -sequenceMilliseconds;

function typing(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement && target.type === 'checkbox') return false;
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('[data-task-row]')];
}

function present(): HTMLElement | undefined {
  return rows().find((row) => row.contains(document.activeElement));
}

function move(step: number): void {
  const all = rows();
  if (!all.length) return;
  const here = present();
  const at = here ? all.indexOf(here) + step : step > 0 ? 0 : all.length - 1;
  const row = all[Math.max(0, Math.min(all.length - 1, at))];
  row?.querySelector<HTMLElement>('[data-open]')?.focus();
  row?.scrollIntoView({ block: 'nearest' });
}

function boxes(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>('.inbox-pick')];
}

function press(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector);
  found?.click();
  return found !== null;
}

/** What is ticked, else the row one stands in, is claimed or given back. */
function act(verb: string): void {
  const button = document.querySelector<HTMLButtonElement>(`[data-bulk] button[value="${verb}"]`);
  if (!button) return;
  if (!boxes().some((box) => box.checked)) {
    const box = present()?.querySelector<HTMLInputElement>('.inbox-pick');
    if (!box) return;
    box.checked = true;
    count();
  }
  button.click();
}

function count(): void {
  const place = document.querySelector<HTMLElement>('[data-bulk-count]');
  if (!place) return;
  const chosen = boxes().filter((box) => box.checked).length;
  const chinese = document.documentElement.lang.startsWith('zh');
  place.dataset.words ??= place.textContent ?? '';
  place.textContent = chosen === 0 ? place.dataset.words : chinese ? `已勾选 ${chosen} 件` : `${chosen} ticked`;
}

function onKey(event: KeyboardEvent): void {
  if (document.querySelector('dialog[open]') || event.isComposing) return;
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    const form = document.querySelector<HTMLFormElement>('[data-task-form]');
    if (!form?.contains(document.activeElement)) return;
    event.preventDefault();
    if (!press('[data-submit-next]')) form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  // After `g` a letter goes to a page; that is the shell's.
  if (performance.now() - goPressedAt < sequenceMilliseconds) {
    goPressedAt = -sequenceMilliseconds;
    return;
  }
  const acts: Record<string, () => void> = {
    g: () => (goPressedAt = performance.now()),
    j: () => move(1),
    k: () => move(-1),
    x: () => present()?.querySelector<HTMLInputElement>('.inbox-pick')?.click(),
    c: () => press('[data-claim]') || act('claim'),
    r: () => press('[data-release]') || act('release'),
    n: () => press('[data-next]'),
    p: () => press('[data-previous]'),
  };
  acts[event.key]?.();
}

function start(): void {
  document.addEventListener('keydown', onKey);
  document.addEventListener('change', (event) => {
    if (event.target instanceof HTMLElement && event.target.matches('.inbox-pick')) count();
  });
  document.body.addEventListener('htmx:afterSettle', count);
  const keys = document.querySelector<HTMLTemplateElement>('[data-more-keys]');
  if (keys) document.querySelector('#keyboard-help .key-list')?.append(keys.content.cloneNode(true));
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
