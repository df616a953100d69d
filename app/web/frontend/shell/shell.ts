// The app shell: htmx under a strict content-security policy, menus, keyboard, toasts, confirmation, live parts.
import htmx from 'htmx.org';
import { installConfirm } from './confirm';
import { installKeyboard } from './keyboard';
import { installMenus } from './menus';
import { installMeasures } from './measures';
import { installToasts } from './toasts';

// Nothing may be evaluated from text and no style element may be injected: the policy would refuse both.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.allowScriptTags = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyRestoreAsHxRequest = false;
htmx.config.historyCacheSize = 0; // pages may hold personal data: never in the browser's storage
htmx.config.timeout = 30_000;
// An error answer carries its own toast; only validation answers (422) are pages to swap in.
htmx.config.responseHandling = [
  { code: '204', swap: false },
  { code: '[23]..', swap: true },
  { code: '422', swap: true, error: false },
  { code: '[45]..', swap: false, error: true },
];

function start(): void {
  document.body.addEventListener('htmx:configRequest', (event) => {
    const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content;
    if (token) (event as CustomEvent<{ headers: Record<string, string> }>).detail.headers['X-CSRFToken'] = token;
  });
  installMenus();
  installKeyboard();
  installToasts();
  installConfirm();
  installMeasures();
  document.addEventListener('change', (event) => {
    const field = event.target as HTMLElement;
    if (field.matches('[data-submit-on-change]')) (field as HTMLInputElement).form?.requestSubmit();
  });
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
