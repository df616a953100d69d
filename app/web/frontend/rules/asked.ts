// A dialog in which Enter means what its main button says, wherever that button stands.
import { dialog } from '../modeler/dom';

export function asked(title: string, body: HTMLElement, choices: { value: string; label: string; primary?: boolean }[]): Promise<string | null> {
  const answer = dialog(title, body, choices);
  const form = body.closest('form');
  form?.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing || event.defaultPrevented || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector<HTMLButtonElement>('footer .btn-primary'));
  });
  return answer;
}
