// How other scripts of a page come by a diagram once it has been drawn: two bundles that share nothing but the element.
export interface Drawn {
  canvas: { addMarker(element: string, marker: string): void; removeMarker(element: string, marker: string): void };
  elements: { get(id: string): unknown };
  overlays: {
    add(element: string, type: string, overlay: { position: { top: number; left: number }; html: HTMLElement }): string;
    remove(filter: { type: string }): void;
  };
}

type Host = HTMLElement & { drawn?: Drawn };

const EVENT = 'creditlink:drawn';

export function tellDrawn(host: HTMLElement, drawn: Drawn): void {
  (host as Host).drawn = drawn;
  host.dispatchEvent(new CustomEvent(EVENT));
}

export function whenDrawn(host: HTMLElement, act: (drawn: Drawn) => void): void {
  const found = (host as Host).drawn;
  if (found) act(found);
  else host.addEventListener(EVENT, () => (host as Host).drawn && act((host as Host).drawn!), { once: true });
}
