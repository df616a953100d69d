// Changes of the description beside the diagram, on the same stack as those of the diagram: undone and redone together.
import type { Editor } from './editor';
import type { Description } from './types';

const name = 'creditlink.describe';
interface Change { before: Description; after: Description }
interface Stack {
  register(command: string, handler: { execute(change: Change): object[]; revert(change: Change): object[] }): void;
  execute(command: string, change: Change): void;
}

export function installDescribing(editor: Editor): void {
  const put = (description: Description): object[] => {
    editor.draft.description = structuredClone(description);
    editor.keeper.changed('description');
    return [];
  };
  editor.modeler.get<Stack>('commandStack').register(name, { execute: ({ after }) => put(after), revert: ({ before }) => put(before) });
}

export function describe(editor: Editor, act: (description: Description) => void): void {
  const before = structuredClone(editor.draft.description);
  const after = structuredClone(before);
  act(after);
  if (JSON.stringify(after) !== JSON.stringify(before)) editor.modeler.get<Stack>('commandStack').execute(name, { before, after });
}
