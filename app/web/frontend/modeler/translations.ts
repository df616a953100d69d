// The words of bpmn-js and its companions in Chinese; in English they speak for themselves.
const words: Record<string, string> = {
  'Activate create/remove space tool': '拉开或收拢空间', 'Activate global connect tool': '连线工具', 'Activate hand tool': '抓手工具', 'Activate lasso tool': '框选工具',
  'Ad-hoc sub-process (collapsed)': '临时子流程（折叠）', 'Ad-hoc sub-process (expanded)': '临时子流程（展开）', 'Ad-hoc sub-process': '临时子流程',
  'Add lane above': '在上方加泳道', 'Add lane below': '在下方加泳道', 'Add text annotation': '加文字注释', 'Align elements': '对齐', 'Append compensation activity': '接补偿任务',
  'Append conditional intermediate catch event': '接条件事件', 'Append element': '接元素…', 'Append end event': '接结束事件', 'Append gateway': '接网关',
  'Append intermediate/boundary event': '接中间事件', 'Append message intermediate catch event': '接消息等待', 'Append receive task': '接接收任务',
  'Append signal intermediate catch event': '接信号等待', 'Append task': '接任务', 'Append timer intermediate catch event': '接定时等待', 'Append {type}': '接{type}',
  'Append text annotation': '接文字注释', 'Boundary event': '边界事件', 'Call activity': '调用流程', 'Cancel boundary event': '取消边界事件', 'Cancel end event': '取消结束事件',
  'Change element': '更换类型', 'Change type': '更换类型', 'Close minimap': '收起缩略图', 'Open minimap': '展开缩略图', 'Collection': '集合', 'Compensation boundary event': '补偿边界事件',
  'Compensation end event': '补偿结束事件', 'Compensation intermediate throw event': '触发补偿', 'Compensation start event': '补偿开始事件',
  'Conditional boundary event (non-interrupting)': '条件边界事件（不中断）', 'Conditional boundary event': '条件边界事件', 'Conditional flow': '带条件的连线',
  'Conditional intermediate catch event': '条件等待', 'Conditional start event (non-interrupting)': '条件开始事件（不中断）', 'Conditional start event': '条件开始事件',
  'Connect to other element': '连到其他元素', 'Connect using association': '用关联连接', 'Connect using data input association': '用数据关联连接',
  'Connect using sequence/message flow or association': '连线', 'Create data object reference': '数据对象', 'Create data store reference': '数据存储', 'Create element': '新建元素…',
  'Create end event': '结束事件', 'Create expanded sub-process': '子流程', 'Create gateway': '网关', 'Create group': '分组', 'Create intermediate/boundary event': '中间/边界事件',
  'Create pool/participant': '泳池', 'Create start event': '开始事件', 'Create task': '任务', 'Data object reference': '数据对象', 'Data store reference': '数据存储', 'Data': '数据',
  'Default flow': '默认连线', 'Delete': '删除', 'Distribute elements horizontally': '横向均分', 'Distribute elements vertically': '纵向均分', 'Divide into three lanes': '分成三条泳道',
  'Divide into two lanes': '分成两条泳道', 'Empty pool/participant': '空泳池', 'Empty pool/participant (removes content)': '空泳池（清除内容）', 'End event': '结束事件',
  'Error boundary event': '错误边界事件', 'Error end event': '错误结束事件', 'Error start event': '错误开始事件', 'Escalation boundary event (non-interrupting)': '升级边界事件（不中断）',
  'Escalation boundary event': '升级边界事件', 'Escalation end event': '升级结束事件', 'Escalation intermediate throw event': '触发升级',
  'Escalation start event (non-interrupting)': '升级开始事件（不中断）', 'Escalation start event': '升级开始事件', 'Event sub-process': '事件子流程', 'Event-based gateway': '事件网关',
  'Events': '事件', 'Exclusive gateway': '排他网关（择一）', 'Expanded pool/participant': '展开的泳池', 'Gateways': '网关', 'Inclusive gateway': '包容网关（可多选）',
  'Intermediate throw event': '中间事件', 'Issues': '问题', 'Issues for child elements': '内部元素的问题', 'Link intermediate catch event': '链接入口', 'Link intermediate throw event': '链接出口',
  'Loop': '循环', 'Manual task': '手工任务', 'Message boundary event (non-interrupting)': '消息边界事件（不中断）', 'Message boundary event': '消息边界事件', 'Message end event': '消息结束事件',
  'Message intermediate catch event': '等待消息', 'Message intermediate throw event': '发出消息', 'Message start event (non-interrupting)': '消息开始事件（不中断）',
  'Message start event': '消息开始事件', 'Open {element}': '打开{element}', 'Parallel gateway': '并行网关', 'Parallel multi-instance': '并行多实例',
  'Participant multiplicity': '多个参与者', 'Participants': '参与者', 'Receive task': '接收任务', 'Search in diagram': '在图中查找', 'Send task': '发送任务', 'Sequence flow': '普通连线',
  'Sequential multi-instance': '顺序多实例', 'Service task': '系统步骤（服务任务）', 'Set color': '颜色', 'Signal boundary event (non-interrupting)': '信号边界事件（不中断）',
  'Signal boundary event': '信号边界事件', 'Signal end event': '信号结束事件', 'Signal intermediate catch event': '等待信号', 'Signal intermediate throw event': '发出信号',
  'Signal start event (non-interrupting)': '信号开始事件（不中断）', 'Signal start event': '信号开始事件', 'Start event': '开始事件', 'Sub-process (collapsed)': '子流程（折叠）',
  'Sub-process (expanded)': '子流程（展开）', 'Sub-process': '子流程', 'Sub-processes': '子流程', 'Task': '任务', 'Tasks': '任务', 'Templates': '模板', 'Terminate end event': '终止结束事件',
  'Timer boundary event (non-interrupting)': '定时边界事件（不中断）', 'Timer boundary event': '定时边界事件', 'Timer intermediate catch event': '定时等待',
  'Timer start event (non-interrupting)': '定时开始事件（不中断）', 'Timer start event': '定时开始事件', 'Toggle linting overlays': '显示或隐藏问题标记', 'Toggle non-interrupting': '切换是否中断',
  'Transaction': '事务子流程', 'User task': '人工办理（用户任务）', 'Search': '查找', 'No matching entries found': '没有匹配项', 'No results': '没有结果',
  '{errors} Errors, {warnings} Warnings': '{errors} 个错误，{warnings} 个提醒', '{errors} Errors': '{errors} 个错误', '{warnings} Warnings': '{warnings} 个提醒', 'No Errors': '没有错误',
  'No Issues': '没有问题', 'Color': '颜色', 'Default color': '默认色', 'Blue': '蓝', 'Orange': '橙', 'Green': '绿', 'Red': '红', 'Purple': '紫', 'Remove': '删除', 'Create {type}': '新建{type}',
  // token simulation and the form editor write into the page by themselves
  'Token Simulation': '令牌模拟', 'Reset Simulation': '重新开始', 'Play Simulation': '继续', 'Pause Simulation': '暂停', 'Play/Pause Simulation': '播放或暂停', 'Toggle Simulation Log': '模拟日志',
  'Simulation Log': '模拟日志', 'Set Sequence Flow': '选择出线', 'Trigger Event': '触发', 'No Entries': '暂无记录', 'Process started': '流程开始', 'Process finished': '流程结束',
  'Finished': '结束', 'Not supported': '不支持', 'Found unsupported elements': '有不支持模拟的元素', 'Set animation speed = Slow': '慢速', 'Set animation speed = Normal': '常速', 'Set animation speed = Fast': '快速',
  'Components': '组件', 'Search components': '查找组件', 'Input': '输入', 'Selection': '选择', 'Presentation': '展示', 'Containers': '容器', 'Action': '操作', 'Text field': '单行文本', 'Text area': '多行文本',
  'Number': '数字', 'Date time': '日期', 'Checkbox': '勾选', 'Checkbox group': '多选', 'Radio group': '单选', 'Select': '下拉选择', 'Tag list': '标签', 'Text view': '说明文字', 'Separator': '分隔线',
  'Spacer': '空白', 'Group': '分组', 'Form': '表单', 'General': '基本', 'Condition': '显示条件', 'Layout': '布局', 'Appearance': '外观', 'Validation': '校验', 'Options source': '选项来源',
  'Static options': '固定选项', 'Custom properties': '自定义属性', 'Field label': '标题', 'Field description': '说明', 'Key': '键名', 'Default value': '默认值', 'Disabled': '停用', 'Read only': '只读',
  'Required': '必填', 'Minimum length': '最短', 'Maximum length': '最长', 'Minimum': '最小值', 'Maximum': '最大值', 'Regular expression pattern': '正则表达式', 'Validation pattern': '校验方式',
  'Custom': '自定义', 'Columns': '列宽', 'Auto': '自动', 'Label': '标题', 'Value': '值', 'Type': '类型', 'Select a form field to edit its properties.': '选中一个字段后在此编辑它的属性。',
  'Drag and drop components here to start designing.': '把组件拖到这里开始设计。', 'Build your form': '设计表单', 'Hide if': '何时隐藏', 'Decimal digits': '小数位数', 'Increment': '步长', 'Vertical alignment': '纵向对齐',
  'Adornment': '前后缀', 'Prefix': '前缀', 'Suffix': '后缀', 'Email': '电子邮箱', 'Phone': '电话', 'Text': '文字', 'Title': '标题', 'ID': '标识', 'Searchable': '可搜索', 'Subtype': '子类型', 'Date': '日期', 'Time': '时间', 'Date & Time': '日期和时间',
};

export const chinese = document.documentElement.lang.startsWith('zh');

function translate(template: string, replacements: Record<string, string> = {}): string {
  const known = chinese ? words[template] ?? words[template.trim()] ?? template : template;
  return known.replace(/{([^}]+)}/g, (_, key: string) => {
    const value = replacements[key];
    return value === undefined ? `{${key}}` : chinese ? words[value] ?? value : value;
  });
}

export const translateModule = { translate: ['value', translate] };

function phrase(text: string): string | undefined {
  const counted = /^(\d+) Errors?, (\d+) Warnings?$/.exec(text);
  return counted ? `${counted[1]} 个错误，${counted[2]} 个提醒` : words[text];
}

/** Puts into Chinese what a package writes into `place` by itself. */
export function translateInPlace(place: HTMLElement): void {
  if (!chinese) return;
  const attributes = ['title', 'placeholder', 'aria-label'];
  const visit = (node: Node): void => {
    if (node.nodeType === Node.TEXT_NODE) {
      const known = phrase((node.nodeValue ?? '').trim());
      if (known && node.parentElement?.tagName !== 'TEXTAREA' && !node.parentElement?.closest('[contenteditable=true], svg')) node.nodeValue = known;
    } else if (node instanceof Element) {
      for (const name of attributes) {
        const known = words[node.getAttribute(name) ?? ''];
        if (known) node.setAttribute(name, known);
      }
      node.childNodes.forEach(visit);
    }
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === 'childList') change.addedNodes.forEach(visit);
      else visit(change.target);
    }
  }).observe(place, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: attributes });
  visit(place);
}
