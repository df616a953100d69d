// Short notices. The server sends them as an htmx event (`HX-Trigger: {"toast": …}`) or, after a redirect, inside the page.
import { t } from './words';

interface Notice {
  text: string;
  tone?: 'success' | 'info' | 'warning' | 'danger';
}

const staysMilliseconds = 6000;

export function showToast(notice: Notice): void {
  const region = document.getElementById('toasts');
  if (!region) return;
  const tone = notice.tone ?? 'info';
  const box = document.createElement('div');
  box.className = `toast-notice toast-${tone}`;
  box.setAttribute('role', tone === 'danger' ? 'alert' : 'status');
  const text = document.createElement('p');
  text.textContent = notice.text;
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'toast-close';
  close.setAttribute('aria-label', t('关闭提示', 'Dismiss'));
  close.textContent = '×';
  close.addEventListener('click', () => box.remove());
  box.append(text, close);
  region.append(box);
  if (tone !== 'danger') window.setTimeout(() => box.remove(), staysMilliseconds);
}

export function installToasts(): void {
  document.body.addEventListener('toast', (event) => {
    const detail = (event as CustomEvent<Notice | { value: Notice[] }>).detail;
    if ('value' in detail && Array.isArray(detail.value)) detail.value.forEach(showToast);
    else showToast(detail as Notice);
  });
  const waiting = document.getElementById('waiting-toasts');
  if (waiting?.textContent) (JSON.parse(waiting.textContent) as Notice[]).forEach(showToast);
  document.body.addEventListener('htmx:sendError', () =>
    showToast({ text: t('连不上服务器，请检查网络后重试。', 'The server cannot be reached. Check the network and try again.'), tone: 'danger' }),
  );
  document.body.addEventListener('htmx:timeout', () =>
    showToast({ text: t('服务器迟迟没有应答，请稍后重试。', 'The server took too long to answer. Try again shortly.'), tone: 'danger' }),
  );
}
