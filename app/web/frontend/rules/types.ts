// What the server tells the rules editor, and the rows of a condition (see app/rules/editing/trees.py).
import type { Pair } from '../modeler/types';

export type { Pair };

export type Operand =
  | { kind: 'item'; path: string }
  | { kind: 'name'; name: string }
  | { kind: 'value'; type: string; value: string }
  | { kind: 'call'; name: string; operands: Operand[] }
  | { kind: 'formula'; text: string };

export interface Group { kind: 'group'; join: 'and' | 'or'; negated: boolean; terms: Tree[] }
export interface Each { kind: 'each'; quantifier: 'all' | 'any'; negated: boolean; over: string; variable: string; such: Tree | null; body: Tree }
export interface Compare { kind: 'compare'; operator: string; left: Operand; right: Operand }
export interface Member { kind: 'member'; negated: boolean; item: Operand; container?: string; values?: string[]; type?: string }
export interface Test { kind: 'test'; negated: boolean; test: string; operands: Operand[] }
export interface Written { kind: 'text'; text: string }
export type Tree = Group | Each | Compare | Member | Test | Written;

export interface Problem { line: number; column: number; message: Pair; nearest: string | null }
export interface Judged { text: string; problems: Problem[]; words: Pair | null; tree: Tree | null; places: number }

export interface Item { path: string; label: Pair; of: Pair; list: string; shape: 'value' | 'segment' | 'group' | 'set' | 'texts'; kind?: string; codes?: string[]; written?: boolean }
export interface CodeValue { value: string; zh: string; en: string }
export interface Table { name: string; label: Pair; large: boolean; values: CodeValue[] }
export interface Names { items: Item[]; tables: Record<string, Table>; table_names: { name: string; label: Pair }[]; constants: Record<string, string> }

export interface Line { id: string; title: Pair; severity: string; code: string; extends?: boolean; fragment?: string; changed?: '' | 'new' | 'changed'; faults: number; cases: { passes: number; fires: number } }
export interface Fault { file: string; line: number; rule: string; message: Pair }
export interface Draft {
  ruleset: string; lock: number; status: string; path: string; text: string; based: boolean; answer: string; authors: string[]; updated_by: string; updated_at: string;
  readable: boolean; rules: Line[]; shared: Line[]; removed: string[]; faults: Fault[]; fault_count: number;
  head: { title: Pair; effective_from: string; facts: Record<string, string>; kind: string };
}
export type Texts = Record<string, string | null>;
export interface Changed extends Draft { before: Texts; rule?: string }

export interface Check { each: string; when: string; require: string; blame: string; code: string }
export interface RuleForm { id: string; extends: boolean; number: string; code: string; severity: string; confidence: string; stage: string; title: Pair; note: Pair; needs: string[]; checks: Check[] }
export interface SharedRule { id: string; fragment: string; number: string; code: string; title: Pair; severity: string; stage: string; confidence: string; needs: string[]; note: Pair | null; count: number; checks: { when: Pair | null; require: Pair; blame: string }[] }
export interface Case { file?: string; index?: number; name: Pair; base: string; set: [string, unknown][]; expect: 'passes' | 'fires'; others: string[]; exactly: boolean }
export interface RuleAnswer { form: RuleForm | null; shared: SharedRule | null; judged: { when?: Judged; require?: Judged }[]; cases: Case[]; bases: string[] }

export interface Branch { text: string; label: Pair | null; state: string; shown: string | null; children: Branch[] }
export interface Side { words: Pair; node: Branch }
export interface Explained { rule: string; title: Pair; severity: string; outcome: string; waiting: string[]; checks: { violated: boolean; blame: string; when: Side | null; require: Side }[] }
export interface Outcome { file: string; index: number; good: boolean; found: string[]; explained: Explained }

export interface Given { draft: Draft; names: Names | null; choices: { severity: string[]; confidence: string[]; stage: string[] } }
