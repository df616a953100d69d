// Runs before the first paint (a blocking script in <head>): turns the wish `auto` into light or dark, so that nothing flashes.
const root = document.documentElement;
const darkWished = window.matchMedia('(prefers-color-scheme: dark)');

function apply(): void {
  const wish = root.dataset.theme ?? 'auto';
  const dark = wish === 'dark' || (wish === 'auto' && darkWished.matches);
  root.setAttribute('data-bs-theme', dark ? 'dark' : 'light');
}

apply();
darkWished.addEventListener('change', () => {
  apply();
  document.dispatchEvent(new CustomEvent('creditlink:theme'));
});
