// Moments that pass while a page is open: "3 minutes ago" keeps counting, and a session about to end says so.
import { showToast } from './toasts';
import { t } from './words';

const minute = 60_000;
const warnBefore = 2 * minute;

function ago(moment: Date): string {
  const minutes = Math.floor((Date.now() - moment.getTime()) / minute);
  if (minutes < 1) return t('刚刚', 'just now');
  if (minutes < 60) return t(`${minutes} 分钟前`, `${minutes} min ago`);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return t(`${hours} 小时前`, `${hours} h ago`);
  const days = Math.floor(hours / 24);
  return t(`${days} 天前`, `${days} d ago`);
}

function refreshAges(): void {
  document.querySelectorAll<HTMLTimeElement>('time[data-ago]').forEach((each) => {
    each.textContent = ago(new Date(each.dateTime));
  });
}

/** The idle limit restarts with each request that reaches the server. */
function watchSession(): void {
  const seconds = Number(document.body.dataset.idleSeconds ?? 0);
  if (!seconds) return;
  let warning = 0;
  const restart = (): void => {
    window.clearTimeout(warning);
    warning = window.setTimeout(() => {
      showToast({
        text: t('您已长时间未操作，两分钟后将自动退出登录。', 'You have been idle; you will be signed out in two minutes.'),
        tone: 'warning',
      });
    }, Math.max(seconds * 1000 - warnBefore, 10_000));
  };
  document.body.addEventListener('htmx:afterRequest', (event) => {
    const config = (event as CustomEvent<{ requestConfig?: { headers?: Record<string, string> } }>).detail.requestConfig;
    if (!config?.headers?.['X-Background']) restart();
  });
  restart();
}

export function installMeasures(): void {
  refreshAges();
  window.setInterval(refreshAges, minute);
  document.body.addEventListener('htmx:afterSettle', refreshAges);
  watchSession();
}
