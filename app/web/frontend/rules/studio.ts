// What the parts of the rules editor share: the draft as the server last told it, the names, and who wants to hear of changes.
import { t } from '../shell/words';
import type { Draft, Given, Item, Names, Pair, Table } from './types';
import type { Keeper } from './keeper';

export interface Variable { name: string; list: string }
export type Scope = Variable[];

export class Studio {
  keeper!: Keeper;
  draft: Draft;
  readonly names: Names;
  readonly choices: Given['choices'];
  current = '';
  private readonly told: ((draft: Draft) => void)[] = [];
  private readonly byPath = new Map<string, Item>();
  /** Opens a rule; set by the page. */
  open: (rule: string) => Promise<void> = () => Promise.resolve();
  openTab: (name: string) => void = () => undefined;
  /** Shows the present rule anew, as after an undo. */
  renew: () => Promise<void> = () => Promise.resolve();
  gotoLine: (line: number) => void = () => undefined;

  constructor(given: Given, readonly base: string) {
    this.draft = given.draft;
    this.names = given.names ?? { items: [], tables: {}, table_names: [], constants: {} };
    this.choices = given.choices;
    for (const each of this.names.items) this.byPath.set(each.path, each);
  }

  onDraft(act: (draft: Draft) => void): void {
    this.told.push(act);
  }

  take(draft: Draft): void {
    this.draft = draft;
    for (const act of this.told) act(draft);
  }

  /** The item that a written name stands for, within the groups around it. */
  item(path: string, scope: Scope = []): Item | undefined {
    const [root = '', ...rest] = path.split('.');
    const variable = scope.find((each) => each.name === root);
    return this.byPath.get(variable ? [variable.list, ...rest].join('.') : path);
  }

  /** The items that may be named within the groups around; each with the name to be written. */
  items(scope: Scope): { name: string; item: Item }[] {
    const found: { name: string; item: Item }[] = [];
    for (const variable of [...scope].reverse()) {
      for (const item of this.names.items) {
        if (item.list === variable.list) found.push({ name: `${variable.name}${item.path.slice(variable.list.length)}`, item });
      }
    }
    for (const item of this.names.items) if (!item.list) found.push({ name: item.path, item });
    return found;
  }

  table(name: string): Table | undefined {
    return this.names.tables[name];
  }

  /** What a code of an item means; '' where that is not known here. */
  meaning(item: Item | undefined, value: string): string {
    for (const name of item?.codes ?? []) {
      const found = this.table(name)?.values.find((each) => each.value === value);
      if (found) return said(found);
    }
    return '';
  }
}

export function said(pair: Pair | { zh: string; en: string } | null | undefined): string {
  return t(pair?.zh || pair?.en || '', pair?.en || pair?.zh || '');
}

export const severities: Record<string, [string, string, string]> = {
  block: ['阻断', 'Block', 'danger'], warn: ['警告', 'Warn', 'warning'], info: ['提示', 'Info', 'info'],
};
export const words: Record<string, [string, string]> = {
  block: ['阻断', 'Block'], warn: ['警告', 'Warn'], info: ['提示', 'Info'],
  high: ['高', 'High'], medium: ['中', 'Medium'], low: ['低', 'Low'],
  format: ['记录本身', 'The record'], file: ['整个文件', 'The file'], accepted: ['比对库内', 'What is held'], transport: ['传输', 'Transport'],
};
export function worded(value: string): string {
  const found = words[value];
  return found ? t(...found) : value;
}
