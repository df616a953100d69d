// What all parts of the editor share: the drawing, the draft, and what the server offers.
import type { Keeper } from './saving';
import { describe } from './describing';
import type { Canvas, Description, Draft, ElementRegistry, Facts, FormField, Moddle, ModelerInstance, Modeling, Offered, Selection, Shape } from './types';

export class Editor {
  keeper!: Keeper;
  readonly draft: Draft;

  constructor(readonly modeler: ModelerInstance, readonly offered: Offered, readonly base: string) {
    this.draft = offered.draft;
  }

  get canvas(): Canvas { return this.modeler.get<Canvas>('canvas'); }
  get elements(): ElementRegistry { return this.modeler.get<ElementRegistry>('elementRegistry'); }
  get modeling(): Modeling { return this.modeler.get<Modeling>('modeling'); }
  get selection(): Selection { return this.modeler.get<Selection>('selection'); }

  create(type: string, attributes: object = {}): Moddle {
    const factory = this.modeler.get<{ create(type: string, attributes: object): Moddle }>(type.startsWith('bpmn:') ? 'bpmnFactory' : 'moddle');
    return factory.create(type, attributes);
  }

  async xml(): Promise<string> {
    return (await this.modeler.saveXML({ format: true })).xml ?? '';
  }

  /** The whole drawing, clear of the palette at the left and never larger than life. */
  fit(): void {
    if (this.elements.getAll().length < 3) return;
    this.canvas.zoom('fit-viewport', 'auto');
    const scale = Math.min(this.canvas.zoom(), 1);
    const { x, y, width, height } = this.canvas.viewbox();
    this.canvas.viewbox({ x: x - 80 / scale, y, width: width + 110 / scale, height });
    if (this.canvas.zoom() > 1) this.canvas.zoom(1, 'auto');
  }

  /** The facts of the process. */
  facts(): Facts {
    return this.draft.description.facts ?? {};
  }

  /** While this is set the panel stays as it is: its own field says what has changed, and keeps the focus. */
  quiet = false;

  /** Change the description beside the diagram, undoably: `act` is given a copy of it to change. */
  describe(act: (description: Description) => void, redraw = false): void {
    this.quiet = !redraw;
    try {
      describe(this, act);
    } finally {
      this.quiet = false;
    }
  }

  /** Let conditions know what a question's form will answer. */
  learnFacts(result: string, form: string): void {
    const schema = this.draft.forms[form];
    if (!result || !schema) return;
    const kinds: Record<string, string> = { number: 'number', checkbox: 'bool', datetime: 'date' };
    this.describe((description) => {
      const known = ((description.facts ??= {})[result] ??= {});
      for (const each of fieldsOf(schema.components)) if (each.key) known[each.key] ??= kinds[each.type ?? ''] ?? 'text';
    }, true);
  }

  show(id: string): void {
    const element = this.elements.get(id);
    if (!element) return;
    this.selection.select(element);
    this.canvas.scrollToElement(element, 80);
  }

  /** Variables that are known when the element is entered: start data and every result behind it. */
  known(element: Shape): string[] {
    const data = this.draft.description.data ?? [];
    const found = new Set<string>(Array.isArray(data) ? data : Object.keys(data));
    const seen = new Set<Shape>();
    const walk = (each: Shape): void => {
      const before = each.businessObject.$type === 'bpmn:BoundaryEvent' ? [this.elements.get(each.businessObject.attachedToRef?.id)] : [];
      for (const flow of each.incoming) if (flow.source) before.push(flow.source);
      for (const previous of before) {
        if (!previous || seen.has(previous)) continue;
        seen.add(previous);
        for (const name of results(previous.businessObject)) found.add(name);
        walk(previous);
      }
    };
    walk(element);
    return [...found].sort();
  }
}

/** The variables into which an element puts something. */
export function results(object: Moddle): string[] {
  const found: string[] = [];
  for (const each of object.extensionElements?.values ?? []) {
    if (each.$type === 'spiffworkflow:ServiceTaskOperator' && each.resultVariable) found.push(each.resultVariable);
    if (each.$type === 'spiffworkflow:Properties') for (const property of each.properties ?? []) if (property.name === 'result') found.push(property.value);
  }
  return found;
}

export function* fieldsOf(components: FormField[] | undefined): Generator<FormField> {
  for (const each of components ?? []) {
    yield each;
    yield* fieldsOf(each.components);
  }
}
