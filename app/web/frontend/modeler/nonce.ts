// Style elements that packages make at run time carry the page's nonce, so that the content-security policy can stay
// as strict here as everywhere. Must be imported before them.
const nonce = (document.currentScript as HTMLScriptElement | null)?.nonce ?? '';
const create = document.createElement.bind(document) as (name: string, options?: ElementCreationOptions) => HTMLElement;

document.createElement = ((name: string, options?: ElementCreationOptions): HTMLElement => {
  const made = create(name, options);
  if (name.toLowerCase() === 'style') made.nonce = nonce;
  return made;
}) as typeof document.createElement;

export {};
