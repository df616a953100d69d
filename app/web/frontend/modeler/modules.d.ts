// Packages that ship no types; what is used of them is typed where it is used.
declare module 'bpmn-js/lib/Modeler' { const Modeler: new (options: object) => import('./types').ModelerInstance; export default Modeler; }
declare module 'bpmn-js-bpmnlint' { const module: object; export default module; }
declare module 'bpmn-js-color-picker' { const module: object; export default module; }
declare module 'bpmn-js-token-simulation' { const module: object; export default module; }
declare module 'bpmn-js-create-append-anything' { export const CreateAppendAnythingModule: object; }
declare module 'diagram-js-minimap' { const module: object; export default module; }
declare module 'bpmn-js-differ' {
  export function diff(before: unknown, after: unknown): {
    _added: Record<string, unknown>; _removed: Record<string, unknown>; _layoutChanged: Record<string, unknown>;
    _changed: Record<string, { model: unknown; attrs: Record<string, { oldValue: unknown; newValue: unknown }> }>;
  };
}
declare module '@bpmn-io/form-js-editor' {
  export class FormEditor {
    constructor(options: object);
    importSchema(schema: object): Promise<{ warnings: Error[] }>;
    saveSchema(): Record<string, unknown>;
    on(event: string, handler: () => void): void;
    destroy(): void;
  }
}
declare module '@bpmn-io/form-js-viewer' {
  export class Form {
    constructor(options: object);
    importSchema(schema: object, data?: object): Promise<unknown>;
    destroy(): void;
  }
}
