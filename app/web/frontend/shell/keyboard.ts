// `/` searches, `?` explains, `g` and a letter goes to a page. Letters come from the navigation, so each page's owner chooses its own.
const sequenceMilliseconds = 1200;
const never = -Infinity; // the clock begins at 0 with every page, so 0 would be "just now" on a fresh one
let goPressedAt = never;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (document.querySelector('dialog[open]')) return;
  if (event.key === '/') {
    const field = document.querySelector<HTMLInputElement>('[data-search]');
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === '?') {
    event.preventDefault();
    document.querySelector<HTMLDialogElement>('#keyboard-help')?.showModal();
  } else if (event.key === 'g') {
    goPressedAt = performance.now();
  } else if (performance.now() - goPressedAt < sequenceMilliseconds) {
    goPressedAt = never;
    const link = [...document.querySelectorAll<HTMLAnchorElement>('a[data-go]')].find((each) => each.dataset.go === event.key);
    if (!link) return;
    event.preventDefault();
    link.click();
  }
}

export function installKeyboard(): void {
  document.addEventListener('keydown', onKey);
}
