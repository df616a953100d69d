// The page's language is the server's decision; scripts only follow it.
export function t(zh: string, en: string): string {
  return document.documentElement.lang.startsWith('zh') ? zh : en;
}
