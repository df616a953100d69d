// What is laid over diagrams that diagram.ts has drawn: the heat of each element (data-heat around a diagram holds, for each
// element, figure → text and level), and the two elements that a row of a mapping names (data-pair around two diagrams).
import { whenDrawn, type Drawn } from '../diagram/drawn';

interface Figure {
  text: string;
  level: number;
}

type Heat = Record<string, Record<string, Figure>>;

function paint(drawn: Drawn, heat: Heat, shown: string): void {
  drawn.overlays.remove({ type: 'heat' });
  for (const [element, figures] of Object.entries(heat)) {
    if (!drawn.elements.get(element)) continue;
    for (let level = 1; level <= 5; level += 1) drawn.canvas.removeMarker(element, `heat-${level}`);
    const figure = figures[shown];
    if (!figure?.level) continue;
    drawn.canvas.addMarker(element, `heat-${figure.level}`);
    const badge = document.createElement('div');
    badge.className = 'heat-badge';
    badge.textContent = figure.text;
    drawn.overlays.add(element, 'heat', { position: { top: -10, left: 6 }, html: badge });
  }
}

function installHeat(section: HTMLElement): void {
  const host = section.querySelector<HTMLElement>('[data-diagram]');
  if (!host) return;
  const heat = JSON.parse(section.dataset.heat ?? '{}') as Heat;
  const buttons = [...section.querySelectorAll<HTMLButtonElement>('[data-heat-show]')];
  whenDrawn(host, (drawn) => {
    const show = (chosen: HTMLButtonElement): void => {
      for (const each of buttons) each.setAttribute('aria-pressed', String(each === chosen));
      paint(drawn, heat, chosen.dataset.heatShow ?? '');
    };
    for (const each of buttons) each.addEventListener('click', () => show(each));
    const first = buttons.find((each) => each.getAttribute('aria-pressed') === 'true');
    if (first) show(first);
  });
}

/** While a row of the mapping is pointed at or worked in, both diagrams show its elements. */
function installPair(pair: HTMLElement): void {
  const sides: (Drawn | undefined)[] = [];
  pair.querySelectorAll<HTMLElement>('[data-diagram]').forEach((host, number) => whenDrawn(host, (drawn) => (sides[number] = drawn)));
  const marked: [Drawn, string][] = [];
  const clear = (): void => {
    for (const [drawn, element] of marked.splice(0)) drawn.canvas.removeMarker(element, 'mark-current');
  };
  const show = (row: HTMLElement): void => {
    clear();
    const goal = row.querySelector<HTMLSelectElement>('[data-pair-goal]')?.value;
    [row.dataset.before, goal].forEach((element, number) => {
      const drawn = sides[number];
      if (!drawn || !element || !drawn.elements.get(element)) return;
      drawn.canvas.addMarker(element, 'mark-current');
      marked.push([drawn, element]);
    });
  };
  document.querySelectorAll<HTMLElement>('[data-pair-row]').forEach((row) => {
    for (const event of ['mouseenter', 'focusin', 'change']) row.addEventListener(event, () => show(row));
    row.addEventListener('mouseleave', clear);
  });
}

function install(): void {
  document.querySelectorAll<HTMLElement>('[data-heat]').forEach(installHeat);
  document.querySelectorAll<HTMLElement>('[data-pair]').forEach(installPair);
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', install);
else install();
