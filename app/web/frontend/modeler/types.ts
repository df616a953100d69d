// What the editor's parts know of each other and of bpmn-js.
export interface Pair { zh: string; en: string }
export interface Parameter { name: string; kind: string; required: boolean }
export interface Step { name: string; title: Pair; room: string; parameters: Parameter[] }
export interface Named { name: string; title: Pair }
export type Facts = Record<string, Record<string, string>>;

export interface Clock {
  title?: Pair; kind?: string; from?: string; until?: string[]; within?: string; warn?: string[]; escalate?: string; basis?: string;
}

export interface Description {
  title?: Partial<Pair>; owner?: Partial<Pair>; purpose?: Partial<Pair>; basis?: string[]; facts?: Facts; data?: string[] | Record<string, unknown>;
  clocks?: Record<string, Clock>; start?: { form?: string; role?: string }; [key: string]: unknown;
}

export interface FormField { key?: string; type?: string; label?: string; label_en?: string; values?: { label?: string; label_en?: string; value: string }[]; components?: FormField[]; validate?: Record<string, unknown> }
export interface Panel { type: string; label?: string; label_en?: string; source?: string; params?: Record<string, string>; columns?: string[]; attachment?: string }
export interface Rows extends Named { columns: Named[] }
export interface FormSchema { id?: string; type?: string; title?: Pair; components?: FormField[]; [key: string]: unknown }

export interface Draft {
  process: string; lock: number; status: string; xml: string; description: Description; forms: Record<string, FormSchema>; cases: string;
  has_live: boolean; authors: string[]; others: string[]; updated_at: string;
}

export interface Offered { steps: Step[]; roles: Named[]; permissions: Named[]; processes: Named[]; rows: Rows[]; draft: Draft }

/** A moddle element; its properties depend on its type. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Moddle = any;

export interface Shape {
  id: string; type: string; businessObject: Moddle; parent?: Shape; children?: Shape[]; incoming: Shape[]; outgoing: Shape[];
  source?: Shape; target?: Shape; labelTarget?: Shape; x: number; y: number; width: number; height: number;
}

export interface ModelerInstance {
  importXML(xml: string): Promise<{ warnings: Error[] }>;
  importDefinitions(definitions: Moddle): Promise<{ warnings: Error[] }>;
  saveXML(options: object): Promise<{ xml?: string }>;
  saveSVG(): Promise<{ svg: string }>;
  get<T>(name: string, strict?: boolean): T;
  on(event: string, handler: (event: Moddle) => void): void;
  getDefinitions(): Moddle;
  destroy(): void;
}

export interface Canvas {
  addMarker(element: string, marker: string): void;
  removeMarker(element: string, marker: string): void;
  getRootElement(): Shape;
  scrollToElement(element: Shape, padding?: number): void;
  zoom(level?: number | 'fit-viewport', centre?: 'auto' | { x: number; y: number }): number;
  viewbox(box?: object): { x: number; y: number; width: number; height: number };
  resized(): void;
}
export interface ElementRegistry { get(id: string): Shape | undefined; filter(test: (each: Shape) => boolean): Shape[]; getAll(): Shape[] }
export interface Modeling {
  updateProperties(element: Shape, properties: object): void;
  updateModdleProperties(element: Shape, target: Moddle, properties: object): void;
}
export interface Selection { get(): Shape[]; select(element: Shape | Shape[] | null): void }

export interface Problem { severity: 'error' | 'warning'; rule: string; message: Pair; element: string; path: string[] }
export interface Report { problems: Problem[]; unsupported: Pair[]; cases: number; sound: boolean | null; states: number; outcomes: { name: Pair; faults: Pair[] }[] }
export type Part = 'xml' | 'description' | 'forms' | 'cases';
