import type { LayerComparison } from '@bitwright/ptq';
import type { EChartsOption } from 'echarts';
import { ownError } from '../report/comparison-rows';
import { printable, shorten } from '../terminal/printable';
import { axisLine, chartText, palette, splitLine } from './palette';

/** More layers than this get numbers instead of names below the axis. */
const namedLayers = 40;
/** Everything better is drawn at the top edge: nobody cares by how much. */
const bestShown = 70;
const worstShown = -10;

/** SQNR by layer in the order of the network: alone as bars, with everything before it as a line. */
export function layerErrorChart(layers: readonly LayerComparison[]): EChartsOption {
  const isNamed = layers.length <= namedLayers;
  const names = layers.map((layer, i) => (isNamed ? shorten(printable(layer.name), 22) : `${i + 1}`));
  const longest = Math.max(...names.map((name) => name.length));
  const alone = layers.map((layer) => bounded(ownError(layer)?.sqnrDb));
  const together = layers.map((layer) => bounded(layer.cumulative.sqnrDb));
  const lowest = Math.min(0, ...[...alone, ...together].filter((value) => value !== null));
  return {
    grid: { left: 58, right: 16, top: 40, bottom: isNamed ? 20 + 5 * longest : 48 },
    legend: { top: 2, left: 50, itemGap: 24, textStyle: { ...chartText, color: palette.ink }, selectedMode: false },
    xAxis: {
      type: 'category',
      data: names,
      axisLine: { ...axisLine, onZero: false },
      axisTick: { show: false },
      axisLabel: { ...chartText, fontSize: 11, rotate: isNamed ? 50 : 0, ...(isNamed ? { interval: 0 } : {}) },
      ...(isNamed
        ? {}
        : {
            name: 'layer, in the order of the network',
            nameLocation: 'middle',
            nameGap: 28,
            nameTextStyle: chartText,
          }),
    },
    yAxis: {
      type: 'value',
      min: Math.floor(lowest / 10) * 10,
      axisLabel: { ...chartText, formatter: '{value} dB' },
      splitLine,
    },
    series: [
      {
        name: 'this layer alone',
        type: 'bar',
        data: alone,
        itemStyle: { color: palette.alone, borderRadius: [2, 2, 0, 0] },
        barMaxWidth: 26,
        silent: true,
      },
      {
        name: 'with everything before it',
        type: 'line',
        data: together,
        itemStyle: { color: palette.together },
        lineStyle: { color: palette.together, width: 2 },
        symbol: 'circle',
        symbolSize: layers.length > 80 ? 3 : 6,
        connectNulls: true,
        silent: true,
      },
    ],
  };
}

// — internals —

function bounded(sqnrDb: number | undefined): number | null {
  if (sqnrDb === undefined || Number.isNaN(sqnrDb)) return null;
  return Math.max(worstShown, Math.min(bestShown, Number(sqnrDb.toFixed(2))));
}
