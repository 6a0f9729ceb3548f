import { decibelText, type LayerComparison, percentText, type TensorErrors } from '@bitwright/ptq';
import type { EChartsOption } from 'echarts';
import { printable, shorten } from '../terminal/printable';
import { chartText, palette } from './palette';

/** Bars of noise power over signal power, worst at the top. */
export function worstLayersChart(
  layers: readonly LayerComparison[],
  errorOf: (layer: LayerComparison) => TensorErrors | undefined,
  colour: string,
): EChartsOption {
  const rows = [...layers].reverse();
  return {
    grid: { left: 238, right: 132, top: 4, bottom: 4 },
    xAxis: { type: 'value', show: false, min: 0 },
    yAxis: {
      type: 'category',
      data: rows.map((layer) => shorten(printable(layer.name), 34)),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...chartText, color: palette.ink, margin: 10 },
    },
    series: [
      {
        type: 'bar',
        silent: true,
        barWidth: 13,
        itemStyle: { color: colour, borderRadius: [0, 3, 3, 0] },
        data: rows.map((layer) => {
          const error = errorOf(layer);
          const share = error?.noiseShare ?? 0;
          return {
            value: Number.isFinite(share) ? share : 1,
            label: {
              show: true,
              position: 'right' as const,
              formatter: `${percentText(share)}   ${decibelText(error?.sqnrDb ?? 0)}`,
              ...chartText,
            },
          };
        }),
      },
    ],
  };
}

/** Height that gives every bar the same room. */
export function worstLayersHeight(count: number): number {
  return 12 + 23 * Math.max(1, count);
}
