import { percentCell, ratioCell } from '../export/cells';
import type { Machine } from '../measure/machine';
import type { TfliteCase } from './accuracy';
import type { LargeExportRow } from './large-export';

export interface TfliteReport {
  readonly machine: Machine;
  readonly commit: string;
  readonly tensorflow?: string;
  readonly cases?: readonly TfliteCase[];
  readonly large?: readonly LargeExportRow[];
}

/** The report as tables. */
export function tfliteMarkdown({ machine, commit, tensorflow, cases = [], large = [] }: TfliteReport): string {
  const lines = [
    '# TFLite files in TensorFlow’s interpreter',
    '',
    `${machine.cpu}, ${machine.processors} processors, load ${machine.load}, ${machine.date}, commit ${commit}${tensorflow === undefined ? '' : `, TensorFlow ${tensorflow}`}.`,
    'The integer reference is the packed model of the same spec in `@bitwright/runtime`: rounding twice in fixed point, as TFLite’s own kernels, or once',
    'in float32, as XNNPACK. Each file is compared with the one that rounds as it does.',
    '"builtin" are the interpreter’s own kernels, "xnnpack" its default delegate.',
    '',
    '| model | samples | form | top-1 % | SQNR to float, dB | SQNR to the reference, dB | same class as the reference, % |',
    '|---|---|---|---|---|---|---|',
  ];
  for (const { model, samples, rows } of cases) {
    for (const { form, top1, sqnr, toReference, agreement } of rows) {
      lines.push(
        `| ${model} | ${samples} | ${form} | ${percentCell(top1)} | ${sqnr?.toFixed(1) ?? ''} | ${ratioCell(toReference)} | ${percentCell(agreement)} |`,
      );
    }
  }
  lines.push(
    '',
    ...cases.map(({ model, data, floatBytes, tfliteBytes }) => {
      return `- ${model}: ${data}. ${(floatBytes / 1e6).toFixed(2)} MB of float ONNX, ${(tfliteBytes / 1e6).toFixed(2)} MB of TFLite.`;
    }),
  );
  if (large.length > 0) {
    lines.push(
      '',
      '## A model of 114 MB in every format',
      '',
      'Nine convolutions 3×3 of 592 channels. Memory: growth of the process’s peak while writing, over the size of the float model.',
      'Rows without commit and load are older than these columns.',
      '',
      '| format | write, s | validate and read back, s | memory | commit | load |',
      '|---|---|---|---|---|---|',
      ...large.map(
        (row) =>
          `| ${row.format} | ${row.seconds.toFixed(2)} | ${row.readBackSeconds.toFixed(2)} | ${row.memoryFactor.toFixed(2)} × | ${row.commit ?? ''} | ${row.load ?? ''} |`,
      ),
    );
  }
  return `${lines.join('\n')}\n`;
}
