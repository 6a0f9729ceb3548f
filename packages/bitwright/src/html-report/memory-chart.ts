import { type Comparison, formatBytes, type MemorySchedule } from '@bitwright/ptq';
import type { EChartsOption } from 'echarts';
import { axisLine, chartText, palette, splitLine } from './palette';

/** Points a curve is thinned to, keeping the largest of each stretch. */
const mostPoints = 400;

/** Live activation bytes over one run, both models from start to end. */
export function memoryChart({ float, quantized }: NonNullable<Comparison['memory']>): EChartsOption {
  const curve = (name: string, schedule: MemorySchedule, colour: string) => ({
    name,
    type: 'line' as const,
    step: 'end' as const,
    data: thin(schedule),
    symbol: 'none',
    silent: true,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 2 },
    areaStyle: { color: colour, opacity: 0.14 },
  });
  return {
    grid: { left: 68, right: 16, top: 40, bottom: 44 },
    legend: { top: 2, left: 60, itemGap: 24, textStyle: { ...chartText, color: palette.ink }, selectedMode: false },
    xAxis: {
      type: 'value',
      min: 0,
      max: 100,
      name: 'share of the run, by operators',
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: chartText,
      axisLine,
      axisLabel: { ...chartText, formatter: '{value} %' },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...chartText, formatter: (bytes: number) => formatBytes(bytes) },
      splitLine,
    },
    series: [curve('float', float, palette.float), curve('quantized', quantized, palette.alone)],
  };
}

// — internals —

function thin({ steps }: MemorySchedule): [number, number][] {
  const stride = Math.max(1, Math.ceil(steps.length / mostPoints));
  const points: [number, number][] = [[0, steps[0]?.bytes ?? 0]];
  for (let i = 0; i < steps.length; i += stride) {
    const group = steps.slice(i, i + stride);
    const share = (100 * Math.min(steps.length, i + stride)) / steps.length;
    points.push([Number(share.toFixed(2)), Math.max(...group.map((step) => step.bytes))]);
  }
  return points;
}
