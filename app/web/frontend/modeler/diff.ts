// The pages on which two versions are compared: <div data-diff> with the addresses of both diagrams.
import { t } from '../shell/words';
import { compare } from './compare';
import { text } from './server';

async function show(host: HTMLElement): Promise<void> {
  const before = host.querySelector<HTMLElement>('[data-diff-before]');
  const after = host.querySelector<HTMLElement>('[data-diff-after]');
  const list = host.querySelector<HTMLElement>('[data-diff-list]');
  if (!before || !after || !list) return;
  try {
    const [old, fresh] = await Promise.all([text(before.dataset.diffBefore ?? ''), text(after.dataset.diffAfter ?? '')]);
    await compare(before, after, list, old, fresh);
  } catch {
    list.textContent = t('流程图暂时无法读取或显示。', 'The diagrams cannot be read or drawn now.');
  }
  host.dataset.shown = 'yes';
}

document.addEventListener('DOMContentLoaded', () => document.querySelectorAll<HTMLElement>('[data-diff]').forEach((host) => void show(host)));
