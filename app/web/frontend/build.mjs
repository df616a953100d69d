// Builds the console's front end into ../static/build: hashed bundles, the icon sprite and a manifest
// from which the server learns the hashed names. Nothing is fetched; everything comes from node_modules.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
const target = join(here, '..', 'static', 'build');
const watching = process.argv.includes('--watch');

const entries = {
  theme: join(here, 'shell', 'theme.ts'),
  shell: join(here, 'shell', 'shell.ts'),
  charts: join(here, 'charts', 'charts.ts'),
  diagram: join(here, 'diagram', 'diagram.ts'),
  forms: join(here, 'forms', 'forms.ts'),
  inbox: join(here, 'inbox', 'inbox.ts'),
  insight: join(here, 'insight', 'insight.ts'),
  modeler: join(here, 'modeler', 'modeler.ts'),
  diff: join(here, 'modeler', 'diff.ts'),
  rules: join(here, 'rules', 'editor.ts'),
  supplement: join(here, 'supplement', 'desk.ts'),
  console: join(here, 'styles', 'console.css'),
  process: join(here, 'styles', 'process.css'),
  workflow_modeler: join(here, 'styles', 'workflow_modeler.css'),
  workflow_editor: join(here, 'styles', 'workflow_editor.css'),
  submission: join(here, 'styles', 'submission.css'),
  workflow_instances: join(here, 'styles', 'workflow_instances.css'),
  workflow_inbox: join(here, 'styles', 'workflow_inbox.css'),
  rules_pages: join(here, 'styles', 'rules_pages.css'),
  rules_editor: join(here, 'styles', 'rules_editor.css'),
  rules_trials: join(here, 'styles', 'rules_trials.css'),
  supplement_styles: join(here, 'styles', 'supplement.css'),
};

/** One sprite of the outline icons that templates name, so that a page needs a single cached request for them. */
function iconSprite() {
  const names = JSON.parse(readFileSync(join(here, 'icons.json'), 'utf8'));
  const folder = join(root, 'node_modules', '@tabler', 'icons', 'icons', 'outline');
  const symbols = names.map((name) => {
    const file = join(folder, `${name}.svg`);
    if (!existsSync(file)) throw new Error(`icons.json names an icon that does not exist: ${name}`);
    const body = readFileSync(file, 'utf8').replace(/<!--[\s\S]*?-->/g, '');
    const inner = body.slice(body.indexOf('>', body.indexOf('<svg')) + 1, body.lastIndexOf('</svg>'));
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, '')}</symbol>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`;
  const hash = createHash('sha256').update(svg).digest('hex').slice(0, 8).toUpperCase();
  const name = `icons-${hash}.svg`;
  writeFileSync(join(target, name), svg);
  return name;
}

/** The manifest maps the plain name a template uses (`shell.js`) to the hashed file. */
const manifest = {
  name: 'manifest',
  setup(build) {
    build.onEnd((result) => {
      if (result.errors.length) return;
      const names = { 'icons.svg': iconSprite() };
      for (const [path, output] of Object.entries(result.metafile.outputs)) {
        if (!output.entryPoint) continue;
        const entry = Object.entries(entries).find(([, source]) => relative(root, source) === output.entryPoint);
        const extension = path.endsWith('.css') ? 'css' : 'js';
        names[`${entry[0]}.${extension}`] = basename(path);
      }
      const ordered = Object.fromEntries(Object.entries(names).sort());
      writeFileSync(join(target, 'manifest.json'), JSON.stringify(ordered, null, 2) + '\n');
      const kept = new Set([...Object.keys(result.metafile.outputs).map((path) => basename(path)), names['icons.svg'], 'manifest.json']);
      for (const file of readdirSync(target)) if (!kept.has(file) && !file.startsWith('.')) rmSync(join(target, file), { recursive: true });
    });
  },
};

/** One preact for the whole form editor, whose packages each bring their own: hooks of one fail inside another. */
const onePreact = {
  name: 'one-preact',
  setup(build) {
    build.onResolve({ filter: /^(\.\.\/)?preact(\/(hooks|compat|jsx-runtime))?$/ }, ({ path, importer, kind, pluginData }) => {
      if (pluginData === 'resolved' || !/@bpmn-io[\\/](form-js-|properties-panel|feel)/.test(importer)) return undefined;
      return build.resolve(path.replace('../', ''), { resolveDir: root, kind, pluginData: 'resolved' });
    });
  },
};

/** Token simulation writes style attributes into its markup, which the console's policy refuses; the editor sets them itself. */
const styleAsData = {
  name: 'style-as-data',
  setup(build) {
    build.onLoad({ filter: /bpmn-js-token-simulation[\\/]lib[\\/].*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(' style="', ' data-style="').replaceAll('`style="', '`data-style="'),
      loader: 'js',
    }));
  },
};

mkdirSync(target, { recursive: true });
const options = {
  absWorkingDir: root,
  entryPoints: entries,
  outdir: target,
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  bundle: true,
  minify: !watching,
  sourcemap: watching,
  metafile: true,
  format: 'iife',
  target: ['chrome123', 'firefox128', 'safari17.5'],
  loader: { '.woff2': 'file', '.woff': 'file', '.ttf': 'file', '.eot': 'file', '.svg': 'file' },
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [onePreact, styleAsData, manifest],
};

if (watching) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  await esbuild.build(options);
}
