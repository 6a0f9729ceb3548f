import type { QatReport } from './command';
import { levelTwo, publishedFigures } from './published';
import { qatRows } from './rows';
import type { RowResult } from './run-row';

/** The report for people: one line per training. */
export function qatMarkdown({ setting, rows }: QatReport): string {
  const missing = qatRows.filter(({ id }) => !rows.some((row) => row.id === id)).map(({ id }) => id);
  const lines = [
    '# Quantization-aware training, measured',
    '',
    `${setting.model}. ${setting.trainingImages.toLocaleString('en')} training images (${setting.augmentation}), top-1 on ${setting.testImages.toLocaleString('en')} test images.`,
    `${setting.optimizer}; seed ${setting.seed}. Rows below 8 bits: target \`academic\`, first and last layer 8 bits (one-bit rows: float); W8A8: target \`ort-x64-vnni\`.`,
    'Times are wall-clock on a machine that did other work too. "Published" is what full training reached elsewhere, hundreds of epochs on 50,000 images; r = read in the authors\' repository, m = recalled from the paper.',
    '',
    '| row | epochs | peak rate | distilled | calibrated only | trained | exported (onnxruntime) | equal predictions | rewritten to integer kernels by onnxruntime | published | ms a step |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...[...rows].sort(byBits).map(line),
    '',
    ...(missing.length === 0 ? [] : [`Rows without a result yet: ${missing.join(', ')}.`, '']),
  ];
  return lines.join('\n');
}

function line(row: RowResult): string {
  const published = publishedFigures.find(
    ({ method, weights, activations }) =>
      row.method === method && weights === row.weights && activations === row.activations,
  );
  const ptq = levelTwo[`w${row.weights}a${row.activations}`];
  const cells = [
    row.id,
    row.epochs,
    row.learningRate,
    row.distillation > 0 ? row.distillation : '–',
    `${row.calibrated.toFixed(2)}${ptq === undefined ? '' : ` (level 2: ${ptq.toFixed(2)})`}`,
    `**${row.topOne.toFixed(2)}**`,
    row.export === undefined ? '–' : row.export.topOne.toFixed(2),
    row.export === undefined ? '–' : `${row.export.agreement.toFixed(2)} %`,
    row.export === undefined
      ? '–'
      : `${row.export.rewritten.topOne.toFixed(2)}, ${row.export.rewritten.agreement.toFixed(2)} %`,
    published === undefined ? '–' : `${published.topOne} ${published.evidence === 'read' ? 'r' : 'm'}`,
    row.millisecondsPerStep.toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}

function byBits(a: RowResult, b: RowResult): number {
  return b.weights - a.weights || b.activations - a.activations || a.method.localeCompare(b.method);
}
