import { decibelText, formatBytes, type LayerComparison, percentText, type TensorErrors } from '@bitwright/ptq';
import type { CompareDocument } from '../commands/compare';
import { formatBar } from '../terminal/bar';
import { printable, shorten, wrap } from '../terminal/printable';
import { formatTable } from '../terminal/table';
import { comparisonRows, matchingText, ownError, worstAlone, worstTogether, writerText } from './comparison-rows';

export interface FormatComparisonOptions {
  /** Characters in a line of the terminal. */
  readonly width: number;
  /** Layers in each list. */
  readonly top: number;
}

/** What `compare` prints. */
export function formatComparison(document: CompareDocument, { width, top }: FormatComparisonOptions): string {
  const { float, quantized, samples, data, runtime, layers } = document;
  const lines = [
    '',
    `  ${float.name} (${formatBytes(float.bytes)}) against ${quantized.name} (${[formatBytes(quantized.bytes), ...writerText(document)].join(', ')})`,
    `  on ${samples} samples of ${data}`,
    `  ${matchingText(document)}; ${runtime.name} ${runtime.version}`,
    '',
    formatTable(
      ['', 'float', 'quantized', ''],
      comparisonRows(document).map(({ label, float, quantized, note }) => [label, float, quantized, note]),
      ['left', 'right', 'right', 'left'],
    ),
    '',
    ...formatFindings(document, width),
    ...formatBars(
      'Noise each layer adds by itself, worst first (noise power / signal power):',
      worstAlone(layers),
      ownError,
      {
        width,
        top,
      },
    ),
    ...formatBars(
      'Noise at each layer with everything before it quantized, worst first:',
      worstTogether(layers),
      (layer) => layer.cumulative,
      { width, top },
    ),
    ...formatChannels(worstAlone(layers).slice(0, 3)),
  ];
  if (document.files.html !== undefined) lines.push(`  wrote ${document.files.html}`, '');
  return `${lines.map((line) => line.split('\n').map(printable).join('\n')).join('\n')}\n`;
}

// — internals —

const severities = { problem: 'PROBLEM', advice: 'advice', good: 'good' } as const;

function formatFindings({ findings }: CompareDocument, width: number): string[] {
  const indent = 11;
  const room = Math.max(40, Math.min(width, 120) - indent);
  return findings.flatMap(({ severity, message, advice }) => [
    ...wrap(message, room).map((line, i) => `  ${(i === 0 ? severities[severity] : '').padEnd(indent - 2)}${line}`),
    ...(advice === undefined ? [] : wrap(`→ ${advice}`, room).map((line) => `${' '.repeat(indent)}${line}`)),
    '',
  ]);
}

function formatBars(
  title: string,
  layers: readonly LayerComparison[],
  errorOf: (layer: LayerComparison) => TensorErrors | undefined,
  { width, top }: FormatComparisonOptions,
): string[] {
  const shown = layers.slice(0, top);
  if (shown.length === 0) return [];
  const names = shown.map((layer) => printable(layer.name));
  const figures = 24;
  const nameWidth = Math.min(Math.max(...names.map((name) => [...name].length)), Math.max(12, Math.floor(width * 0.4)));
  const barWidth = Math.max(8, Math.min(40, width - nameWidth - figures - 8));
  const largest = Math.max(...shown.map((layer) => finite(errorOf(layer)?.noiseShare ?? 0)));
  const rows = shown.map((layer, i) => {
    const error = errorOf(layer);
    const share = error?.noiseShare ?? 0;
    const name = `${shorten(names[i] ?? '', nameWidth)}:`.padEnd(nameWidth + 1);
    const bar = formatBar(largest > 0 ? finite(share) / largest : 0, barWidth);
    const figure = `${percentText(share).padStart(9)} ${decibelText(error?.sqnrDb ?? 0).padStart(9)}`;
    return `  ${name} | ${bar} | ${figure}`;
  });
  const more = layers.length - shown.length;
  return [`  ${title}`, '', ...rows, ...(more > 0 ? [`  … and ${more} more, see --all or --json`] : []), ''];
}

function formatChannels(layers: readonly LayerComparison[]): string[] {
  const lines = layers.flatMap((layer) => {
    const worst = layer.worstChannels.slice(0, 3).filter((channel) => channel.shareOfNoise > 2 / layer.channels);
    if (worst.length === 0) return [];
    const text = worst.map(
      ({ channel, shareOfNoise, sqnrDb }) =>
        `${channel} (${percentText(shareOfNoise)} of its noise, ${decibelText(sqnrDb)})`,
    );
    return [`  worst of ${layer.channels} channels of ${layer.name}: ${text.join(', ')}`];
  });
  return lines.length === 0 ? [] : [...lines, ''];
}

function finite(share: number): number {
  return Number.isFinite(share) ? share : 1;
}
