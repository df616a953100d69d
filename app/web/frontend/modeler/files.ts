// Files in and out. What comes in is read completely before the drawing is touched, so that a bad file loses nothing.
import { showToast } from '../shell/toasts';
import { t } from '../shell/words';
import { dialog, h } from './dom';
import type { Editor } from './editor';
import type { Moddle } from './types';

const largest = 4_000_000;

export function download(name: string, content: string, type = 'application/xml'): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  h('a', { href: address, download: name }).click();
  window.setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Why a file cannot be taken, in words; null where it can. */
export function refusal(size: number, text: string): string | null {
  if (size > largest) {
    return t(`文件有 ${(size / 1e6).toFixed(1)} MB，流程图最多 4 MB。当前草稿没有变化。`, `The file has ${(size / 1e6).toFixed(1)} MB; a diagram may have 4 MB. The draft is unchanged.`);
  }
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) {
    return t('文件含有文档类型或实体声明（可能用来读取本机文件），已拒绝。当前草稿没有变化。', 'The file declares a document type or entities, which can be used to read local files; it was refused. The draft is unchanged.');
  }
  // What is wrong inside is told by the reader of the drawing; a DOMParser would answer with a page that the policy complains of.
  if (!/<(\w+:)?definitions[\s>]/.test(text)) return t('文件不是格式正确的 BPMN 2.0 流程图（XML）。当前草稿没有变化。', 'The file is not a well-formed BPMN 2.0 diagram (XML). The draft is unchanged.');
  if (!/<(\w+:)?BPMNDiagram[\s>]/.test(text)) return t('文件只有流程，没有图形信息，无法显示。当前草稿没有变化。', 'The file has a process but no drawing of it. The draft is unchanged.');
  return null;
}

async function take(editor: Editor, file: File): Promise<boolean> {
  const text = file.size > largest ? '' : await file.text();
  const problem = refusal(file.size, text);
  if (problem) {
    showToast({ text: problem, tone: 'danger' });
    return false;
  }
  const before = await editor.xml();
  const moddle = editor.modeler.get<{ fromXML(xml: string): Promise<{ rootElement: Moddle; warnings: Error[] }> }>('moddle');
  const read = await moddle.fromXML(text).catch((problem: Error) => problem);
  const broken = read instanceof Error ? read : read.warnings.find((each) => /unparsable|unclosed|missing|closing/i.test(each.message));
  if (read instanceof Error || broken) {
    showToast({ text: t(`文件不是格式正确的 XML：${broken?.message}。当前草稿没有变化。`, `The file is not well-formed XML: ${broken?.message}. The draft is unchanged.`), tone: 'danger' });
    return false;
  }
  const { rootElement, warnings } = read;
  try {
    const processes = (rootElement.rootElements ?? []).filter((each: Moddle) => each.$type === 'bpmn:Process');
    const main = processes.find((each: Moddle) => each.isExecutable) ?? processes[0];
    if (main) {
      main.id = editor.draft.process.split('.').pop();
      main.isExecutable = true;
    }
    await editor.modeler.importDefinitions(rootElement);
    editor.fit();
    editor.keeper.changed('xml');
    if (warnings.length) showToast({ text: t(`有 ${warnings.length} 处内容无法识别，详见检查结果。`, `${warnings.length} things could not be read; see the checks.`), tone: 'warning' });
    return true;
  } catch (problem) {
    await editor.modeler.importXML(before);
    showToast({ text: t(`无法导入：${(problem as Error).message}。当前草稿没有变化。`, `It cannot be imported: ${(problem as Error).message}. The draft is unchanged.`), tone: 'danger' });
    return false;
  }
}

/** Ask for a file and put it in the place of the drawing; `done` is called after that with the way back. */
export function importFile(editor: Editor, done: (back: () => Promise<void>) => void): void {
  const picker = h('input', { type: 'file', accept: '.bpmn,.xml,application/xml', 'data-import': true, class: 'visually-hidden', 'aria-label': t('导入文件', 'Import a file') });
  picker.addEventListener('change', async () => {
    const file = picker.files?.[0];
    picker.remove();
    if (!file) return;
    const hasShapes = (editor.canvas.getRootElement().children ?? []).length > 0;
    const words = h('p', {}, t('导入的流程图将取代画布上的内容；导入后可以立即还原。', 'The file replaces what is on the canvas; you can go back right after.'));
    const choices = [{ value: 'no', label: t('取消', 'Cancel') }, { value: 'yes', label: t('导入', 'Import'), primary: true }];
    if (hasShapes && (await dialog(t('导入流程图', 'Import a diagram'), words, choices)) !== 'yes') return;
    const before = await editor.xml();
    if (!(await take(editor, file))) return;
    done(async () => {
      await editor.modeler.importXML(before);
      editor.keeper.changed('xml');
    });
  });
  document.body.append(picker);
  picker.click();
}

/** Copies travel between diagrams as text, in the clipboard of the system. */
export function shareClipboard(editor: Editor): void {
  const mark = 'creditlink-bpmn:';
  const moddle = editor.modeler.get<{ create(type: string, attributes: object): Moddle }>('moddle');
  const clipboard = editor.modeler.get<{ set(tree: unknown): void }>('clipboard');
  const paste = editor.modeler.get<{ paste(options?: object): void }>('copyPaste');
  const actions = editor.modeler.get<{ unregister(name: string): void; register(name: string, act: () => void): void }>('editorActions');
  editor.modeler.on('copyPaste.elementsCopied', (event) => {
    navigator.clipboard?.writeText(mark + JSON.stringify(event.tree)).catch(() => undefined);
  });
  actions.unregister('paste');
  actions.register('paste', () => {
    void (async () => {
      const text = await navigator.clipboard?.readText().catch(() => '');
      if (text?.startsWith(mark) && text.length < largest) {
        const made: Record<string, Moddle> = {};
        try {
          clipboard.set(JSON.parse(text.slice(mark.length), (_key, value) => {
            if (!value || typeof value !== 'object' || typeof value.$type !== 'string') return value;
            const { $type, ...attributes } = value;
            if (attributes.id && made[attributes.id]) return made[attributes.id];
            const object = moddle.create($type, attributes);
            if (attributes.id) made[attributes.id] = object;
            return object;
          }));
        } catch {
          return; // somebody else's text: there is nothing to paste
        }
      }
      paste.paste();
    })();
  });
}
