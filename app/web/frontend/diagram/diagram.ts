// Shows a BPMN process read-only: <div data-diagram data-source="…xml URL…" data-marks='{"Activity_1": "current"}'>.
// Marks: done, current, waiting, failed. The text beside the drawing says the same for those who cannot see it.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import { token } from '../shell/colours';
import { t } from '../shell/words';
import { tellDrawn, type Drawn } from './drawn';

type Canvas = Drawn['canvas'] & {
  zoom(level: number | 'fit-viewport', centre?: 'auto'): number;
  zoom(): number;
};

async function show(host: HTMLElement): Promise<void> {
  const address = host.dataset.source;
  if (!address || host.dataset.shown) return;
  host.dataset.shown = 'yes';
  const answer = await fetch(address, { headers: { Accept: 'application/xml' }, credentials: 'same-origin' });
  if (!answer.ok) {
    host.textContent = t('流程图暂时无法读取。', 'The process diagram cannot be read now.');
    return;
  }
  const viewer = new NavigatedViewer({
    container: host,
    bpmnRenderer: { defaultFillColor: token('--cl-diagram-fill'), defaultStrokeColor: token('--cl-diagram-line'), defaultLabelColor: token('--cl-diagram-ink') },
    textRenderer: { defaultStyle: { fontFamily: getComputedStyle(document.body).fontFamily } },
  });
  await viewer.importXML(await answer.text());
  const canvas = viewer.get<Canvas>('canvas');
  const elements = viewer.get<Drawn['elements']>('elementRegistry');
  canvas.zoom('fit-viewport', 'auto');
  canvas.zoom(Math.min(canvas.zoom() * 0.92, 1), 'auto'); // a margin, and never larger than life
  const marks = JSON.parse(host.dataset.marks ?? '{}') as Record<string, string>;
  for (const [element, mark] of Object.entries(marks)) if (elements.get(element)) canvas.addMarker(element, `mark-${mark}`);
  tellDrawn(host, { canvas, elements, overlays: viewer.get<Drawn['overlays']>('overlays') });
}

function showAll(): void {
  document.querySelectorAll<HTMLElement>('[data-diagram]').forEach((host) => void show(host));
}

document.addEventListener('htmx:afterSettle', showAll);
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', showAll);
else showAll();
