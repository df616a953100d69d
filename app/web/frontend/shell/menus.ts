// Drop-down menus are <details>, so they open without a script; the script only closes them politely.
function closeMenus(except?: Node | null): void {
  document.querySelectorAll<HTMLDetailsElement>('details.menu[open]').forEach((menu) => {
    if (!except || !menu.contains(except)) menu.open = false;
  });
}

export function installMenus(): void {
  document.addEventListener('click', (event) => closeMenus(event.target as Node));
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    const open = document.querySelector<HTMLDetailsElement>('details.menu[open]');
    if (open) {
      open.open = false;
      open.querySelector<HTMLElement>('summary')?.focus();
    }
    document.body.removeAttribute('data-navigation');
  });

  document.addEventListener('click', (event) => {
    const target = (event.target as Element).closest<HTMLElement>('[data-toggle-navigation], [data-open-dialog], [data-close-dialog], [data-print], [data-toggle-password]');
    if (!target) return;
    if (target.matches('[data-toggle-navigation]')) {
      const open = document.body.toggleAttribute('data-navigation');
      if (open) document.querySelector<HTMLElement>('.shell-side a')?.focus();
    } else if (target.dataset.openDialog) {
      document.querySelector<HTMLDialogElement>(target.dataset.openDialog)?.showModal();
    } else if (target.matches('[data-close-dialog]')) {
      target.closest('dialog')?.close();
    } else if (target.matches('[data-print]')) {
      window.print();
    } else if (target.dataset.togglePassword) {
      togglePassword(target, target.dataset.togglePassword);
    }
  });
}

function togglePassword(button: HTMLElement, selector: string): void {
  const field = document.querySelector<HTMLInputElement>(selector);
  if (!field) return;
  const shown = field.type === 'text';
  field.type = shown ? 'password' : 'text';
  button.setAttribute('aria-pressed', String(!shown));
}
