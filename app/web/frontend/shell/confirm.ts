// One confirmation dialog for htmx requests (`hx-confirm`) and plain forms (`data-confirm`), in the page's own look and language.
let pending: (() => void) | null = null;

function ask(question: string, proceed: () => void): void {
  const dialog = document.querySelector<HTMLDialogElement>('#confirm-dialog');
  const words = dialog?.querySelector('[data-question]');
  if (!dialog || !words) return;
  words.textContent = question;
  pending = proceed;
  dialog.returnValue = '';
  dialog.showModal();
}

export function installConfirm(): void {
  document.body.addEventListener('htmx:confirm', (event) => {
    const detail = (event as CustomEvent<{ question: string | null; issueRequest: (skip: boolean) => void }>).detail;
    if (!detail.question) return;
    event.preventDefault();
    ask(detail.question, () => detail.issueRequest(true));
  });
  document.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement;
    const submitter = (event as SubmitEvent).submitter;
    const question = submitter?.dataset.confirm ?? form.dataset.confirm;
    if (!question || form.dataset.confirmed === 'yes') return;
    event.preventDefault();
    ask(question, () => {
      form.dataset.confirmed = 'yes';
      form.requestSubmit(submitter as HTMLElement | null);
      delete form.dataset.confirmed;
    });
  });
  document.querySelector<HTMLDialogElement>('#confirm-dialog')?.addEventListener('close', (event) => {
    const agreed = (event.target as HTMLDialogElement).returnValue === 'yes';
    const proceed = pending;
    pending = null;
    if (agreed) proceed?.();
  });
}
