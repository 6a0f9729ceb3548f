import { RuntimeError } from '@bitwright/core';
import type { EChartsOption } from 'echarts';
import { cleanSvg } from './clean-svg';

/** Draws charts. */
export interface Charts {
  /** A chart as SVG text that is safe inside HTML. `id` must be unique in a page. */
  render(option: EChartsOption, size: { readonly id: string; readonly width: number; readonly height: number }): string;
}

type ChartLibrary = Pick<typeof import('echarts'), 'init'>;

/**
 * Loads the plotting library, which is optional.
 *
 * @throws {RuntimeError} with the command that installs it, when it is missing
 */
export async function loadCharts(load: () => Promise<ChartLibrary> = () => import('echarts')): Promise<Charts> {
  let library: ChartLibrary;
  try {
    library = await load();
  } catch (cause) {
    throw new RuntimeError({
      operation: '[bitwright] --html',
      expected: 'echarts, which draws the charts, to be installed',
      received: cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause),
      hint: 'Run: npm install echarts',
      cause,
    });
  }
  return Object.freeze({
    render(option: EChartsOption, { id, width, height }: Parameters<Charts['render']>[1]) {
      const chart = library.init(null, null, { renderer: 'svg', ssr: true, width, height });
      try {
        chart.setOption({ ...option, animation: false });
        return cleanSvg(chart.renderToSVGString(), id);
      } finally {
        chart.dispose();
      }
    },
  });
}
