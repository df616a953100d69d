// Charts of a page: <figure data-chart> with its ECharts options as JSON in data-options, for of a part that is exchanged
// no scripts are kept. Colours come from the page's tokens,
// so a chart follows the theme; tooltips are drawn, not written as HTML, as the content-security policy forbids inline style.
import { BarChart, LineChart, PieChart } from 'echarts/charts';
import { AriaComponent, DatasetComponent, GridComponent, LegendComponent, TitleComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { token } from '../shell/colours';

echarts.use([BarChart, LineChart, PieChart, AriaComponent, DatasetComponent, GridComponent, LegendComponent, TitleComponent, TooltipComponent, SVGRenderer]);

type Options = echarts.EChartsCoreOption & { tooltip?: object; legend?: object };

function theme(): object {
  const quiet = token('--cl-ink-quiet');
  const line = token('--cl-line');
  const axis = { axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { color: quiet }, splitLine: { lineStyle: { color: line } } };
  return {
    color: ['--cl-series-1', '--cl-series-2', '--cl-series-3', '--cl-series-4', '--cl-series-5'].map(token),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: quiet },
    legend: { textStyle: { color: quiet } },
    categoryAxis: { ...axis, splitLine: { show: false } },
    valueAxis: axis,
  };
}

function draw(figure: HTMLElement): void {
  const canvas = figure.querySelector<HTMLElement>('.chart-canvas');
  if (!figure.dataset.options || !canvas) return;
  const options = JSON.parse(figure.dataset.options) as Options;
  echarts.getInstanceByDom(canvas)?.dispose();
  const chart = echarts.init(canvas, theme(), { renderer: 'svg' });
  chart.setOption({
    animation: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
    grid: { left: 8, right: 16, top: options.legend ? 40 : 16, bottom: 8, containLabel: true },
    aria: { enabled: true },
    ...options,
    ...(options.legend ? { legend: { top: 0, right: 0, itemWidth: 12, itemHeight: 12, itemGap: 16, ...options.legend } } : {}),
    tooltip: {
      renderMode: 'richText',
      backgroundColor: token('--cl-surface'),
      borderColor: token('--cl-line'),
      textStyle: { color: token('--cl-ink') },
      ...options.tooltip,
    },
  });
  if (!figure.dataset.watched) {
    figure.dataset.watched = 'yes';
    new ResizeObserver(() => echarts.getInstanceByDom(canvas)?.resize()).observe(canvas);
  }
}

function drawAll(): void {
  document.querySelectorAll<HTMLElement>('figure[data-chart]').forEach(draw);
}

document.addEventListener('creditlink:theme', drawAll);
document.addEventListener('htmx:afterSettle', drawAll);
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', drawAll);
else drawAll();
