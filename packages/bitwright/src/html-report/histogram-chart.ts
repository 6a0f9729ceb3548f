import type { ActivationHistogram } from '@bitwright/ptq';
import type { EChartsOption } from 'echarts';
import { axisLine, chartText, palette } from './palette';

/** Counts of a float tensor's values on a logarithmic scale, with the range its codes can express. */
export function histogramChart({ start, width, counts, clip }: ActivationHistogram): EChartsOption {
  const end = start + width * counts.length;
  const low = Math.min(start, clip?.min ?? start);
  const high = Math.max(end, clip?.max ?? end);
  const margin = 0.02 * (high - low);
  const points: [number, number][] = [[start, 0]];
  counts.forEach((count, i) => {
    const height = Math.log10(1 + count);
    points.push([start + i * width, height], [start + (i + 1) * width, height]);
  });
  points.push([end, 0]);
  const mark = (x: number) => ({ xAxis: x, label: { formatter: short(x) } });
  return {
    grid: { left: 10, right: 10, top: 24, bottom: 24 },
    xAxis: {
      type: 'value',
      min: low - margin,
      max: high + margin,
      splitNumber: 4,
      axisLine,
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { ...chartText, fontSize: 11, formatter: short, showMinLabel: false, showMaxLabel: false },
    },
    yAxis: { type: 'value', show: false, min: 0 },
    series: [
      {
        type: 'line',
        data: points,
        silent: true,
        symbol: 'none',
        lineStyle: { width: 0 },
        areaStyle: { color: palette.alone, opacity: 0.75 },
        ...(clip === undefined
          ? {}
          : {
              markLine: {
                silent: true,
                symbol: 'none',
                lineStyle: { color: palette.clip, width: 1.5, type: 'dashed' as const },
                label: { ...chartText, fontSize: 11, color: palette.clip, position: 'end' as const },
                data: [mark(clip.min), mark(clip.max)],
              },
            }),
      },
    ],
  };
}

// — internals —

function short(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
