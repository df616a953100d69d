// Requests to the server: JSON both ways, the form token with each, failures with the server's own words.
import { t } from '../shell/words';

export class Failure extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

export async function ask<Answer>(address: string, method = 'GET', body?: unknown): Promise<Answer> {
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
  const headers: Record<string, string> = { Accept: 'application/json', 'X-CSRFToken': token };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let answer: Response;
  try {
    answer = await fetch(address, { method, headers, credentials: 'same-origin', body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Failure(0, 'offline', t('连不上服务器，改动保留在本页，稍后自动重试。', 'The server cannot be reached. Your changes stay on this page and will be sent again.'));
  }
  const told = (await answer.json().catch(() => null)) as (Answer & { error?: { code: string; message: string } }) | null;
  if (!answer.ok || told === null) {
    throw new Failure(answer.status, told?.error?.code ?? 'web', told?.error?.message ?? t('服务器没有正常应答。', 'The server did not answer properly.'));
  }
  return told;
}

export async function text(address: string): Promise<string> {
  const answer = await fetch(address, { credentials: 'same-origin', headers: { Accept: 'application/xml' } });
  if (!answer.ok) throw new Failure(answer.status, 'web', t('读取失败。', 'It could not be read.'));
  return answer.text();
}
