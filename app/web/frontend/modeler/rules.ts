// What is looked at while drawing; publication asks the server, which looks at much more.
import { t } from '../shell/words';
import type { Editor } from './editor';
import { readOperator, readProperty } from './spiff';
import type { Moddle } from './types';

interface Reporter { report(id: string, message: string): void }
type Look = (node: Moddle, report: (message: string) => void) => void;

const named = ['bpmn:Task', 'bpmn:UserTask', 'bpmn:ServiceTask', 'bpmn:ReceiveTask', 'bpmn:ManualTask', 'bpmn:SendTask', 'bpmn:CallActivity', 'bpmn:SubProcess', 'bpmn:StartEvent', 'bpmn:EndEvent', 'bpmn:IntermediateCatchEvent', 'bpmn:BoundaryEvent'];
const splitting = ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway'];

export function linting(editor: () => Editor): { config: object; resolver: object } {
  const looks: Record<string, { category: string; look: Look }> = {
    default: {
      category: 'error',
      look: (node, report) => {
        if (splitting.includes(node.$type) && (node.outgoing?.length ?? 0) > 1 && !node.default) {
          report(t('网关缺少默认出线：条件都不成立时流程会停住', 'The gateway needs a default flow, or the process stops when no condition holds'));
        }
      },
    },
    condition: {
      category: 'error',
      look: (node, report) => {
        const source = node.sourceRef;
        if (node.$type !== 'bpmn:SequenceFlow' || !source || !splitting.includes(source.$type) || source.outgoing.length < 2) return;
        if (!node.conditionExpression?.body && source.default !== node) report(t('出线缺少条件', 'The flow needs a condition'));
        const problem = refusedConditions.get(node.conditionExpression?.body ?? '');
        if (problem) report(problem);
      },
    },
    name: {
      category: 'error',
      look: (node, report) => {
        const gateway = splitting.includes(node.$type) && (node.outgoing?.length ?? 0) > 1;
        if ((named.includes(node.$type) || gateway) && !node.name?.trim()) report(t('缺少名称', 'It has no name'));
      },
    },
    language: {
      category: 'warn',
      look: (node, report) => {
        if (named.includes(node.$type) && node.name?.trim() && !/\p{Script=Han}/u.test(node.name)) report(t('名称不是中文，业务人员可能看不懂', 'The name is not in Chinese, the language of the business'));
      },
    },
    dead: {
      category: 'error',
      look: (node, report) => {
        const flows = node.$instanceOf?.('bpmn:FlowNode') && !node.triggeredByEvent && !node.isForCompensation;
        if (!flows) return;
        if (node.$type !== 'bpmn:EndEvent' && !node.outgoing?.length) report(t('到这里就没有下文了：请接到下一步或结束事件', 'Nothing follows here: connect it to a next step or an end event'));
        if (!['bpmn:StartEvent', 'bpmn:BoundaryEvent'].includes(node.$type) && !node.incoming?.length) report(t('没有连线到这里，永远走不到', 'Nothing leads here, so it is never reached'));
      },
    },
    task: {
      category: 'error',
      look: (node, report) => {
        const { offered, draft } = editor();
        if (node.$type === 'bpmn:Task') report(t('请选择由系统办理还是由人办理', 'Say whether the platform or a person does this'));
        if (['bpmn:ScriptTask', 'bpmn:BusinessRuleTask', 'bpmn:ComplexGateway'].includes(node.$type)) report(t('平台不允许这种元素', 'The platform refuses this kind of element'));
        if (node.$type === 'bpmn:ServiceTask') {
          const operator = readOperator(node);
          const step = offered.steps.find((each) => each.name === operator.step);
          if (!step) report(operator.step ? t(`没有步骤 ${operator.step}`, `There is no step ${operator.step}`) : t('请选择系统步骤', 'Choose a step of the platform'));
          for (const each of step?.parameters ?? []) if (each.required && !operator.parameters[each.name]) report(t(`步骤缺少参数 ${each.name}`, `The step needs its parameter ${each.name}`));
        }
        if (node.$type === 'bpmn:UserTask') {
          const form = readProperty(node, 'form');
          const role = readProperty(node, 'role');
          if (!form) report(t('请选择表单', 'Choose a form'));
          else if (!draft.forms[form]) report(t(`草稿中没有表单 ${form}`, `The draft has no form ${form}`));
          if (!role) report(t('请选择办理岗位', 'Choose who works on it'));
          else if (!offered.roles.some((each) => each.name === role)) report(t(`没有岗位 ${role}`, `There is no role ${role}`));
        }
      },
    },
  };
  const rules = Object.fromEntries(Object.entries(looks).map(([name, { category }]) => [`creditlink/${name}`, category]));
  const resolver = {
    resolveRule: (_package: string, name: string) => () => ({
      check: (node: Moddle, reporter: Reporter) => looks[name]?.look(node, (message) => reporter.report(node.id, message)),
    }),
    resolveConfig: () => ({ rules: {} }),
  };
  return { config: { rules }, resolver };
}

/** Conditions that the server has refused, with its words. */
export const refusedConditions = new Map<string, string>();
