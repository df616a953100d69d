// Tabs as the ARIA practices describe them: arrows move, the chosen one is the only stop.
export function installTabs(page: HTMLElement, shown: (name: string) => void): (name: string) => void {
  const tabs = [...page.querySelectorAll<HTMLElement>('[role=tab]')];
  const nameOf = (tab: HTMLElement): string => tab.id.replace('tab-', '');
  const open = (name: string, focus = false): void => {
    for (const tab of tabs) {
      const chosen = nameOf(tab) === name;
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      const pane = document.getElementById(tab.getAttribute('aria-controls') ?? '');
      if (pane) pane.hidden = !chosen;
      if (chosen && focus) tab.focus();
    }
    shown(name);
  };
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener('click', () => open(nameOf(tab)));
    tab.addEventListener('keydown', (event) => {
      const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const next = move && tabs[(index + move + tabs.length) % tabs.length];
      if (next) open(nameOf(next), true);
    });
  }
  return open;
}
