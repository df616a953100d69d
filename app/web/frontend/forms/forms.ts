// Conditional parts of forms: at every change the server is asked what to hide, so that nothing is judged twice.
export {};

const pause = 250;
const asking = new WeakMap<Element, AbortController>();

function apply(sheet: Element, hidden: string[]): void {
  sheet.querySelectorAll<HTMLFieldSetElement>('fieldset[data-part]').forEach((part) => {
    const gone = hidden.includes(part.dataset.part ?? '');
    part.hidden = gone;
    part.disabled = gone; // what is hidden is neither sent nor asked for
  });
}

async function look(sheet: HTMLElement): Promise<void> {
  const form = sheet.closest('form');
  const address = sheet.dataset.look;
  if (!form || !address) return;
  asking.get(sheet)?.abort();
  const control = new AbortController();
  asking.set(sheet, control);
  const body = new FormData(form);
  for (const [name, value] of [...body.entries()]) if (value instanceof File) body.delete(name);
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
  try {
    const answer = await fetch(address, {
      method: 'POST',
      body,
      headers: { 'X-CSRFToken': token, Accept: 'application/json' },
      signal: control.signal,
    });
    if (!answer.ok) return; // the form stays as it is; the server decides when it is sent
    const told = (await answer.json()) as { hidden: string[] };
    apply(sheet, told.hidden);
  } catch {
    // Offline, or asked anew meanwhile.
  }
}

function start(): void {
  const waiting = new WeakMap<Element, number>();
  for (const kind of ['input', 'change']) {
    document.addEventListener(kind, (event) => {
      const sheet = (event.target as Element).closest<HTMLElement>('[data-form-sheet][data-look]');
      if (!sheet) return;
      window.clearTimeout(waiting.get(sheet));
      waiting.set(sheet, window.setTimeout(() => void look(sheet), kind === 'change' ? 0 : pause));
    });
  }
  document.querySelector<HTMLElement>('[data-form-errors]')?.focus();
  document.body.addEventListener('htmx:afterSettle', (event) => {
    (event.target as Element).querySelector<HTMLElement>('[data-form-errors]')?.focus();
  });
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
