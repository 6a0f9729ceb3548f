import type { QatReport } from './command';
import { type LevelTwoFigure, levelTwoFigures, publishedFigures } from './published';
import { qatRows } from './rows';
import type { RowResult } from './run-row';
import { defaultBatchSize, type Schedule } from './schedule';

/** The report for people: one line per training. */
export function qatMarkdown({ setting, rows }: QatReport): string {
  const isValidation = setting.isValidation === true;
  const missing = qatRows.filter(({ id }) => !rows.some((row) => row.id === id)).map(({ id }) => id);
  const lines = [
    isValidation ? '# Schedules compared on held-out training images' : '# Quantization-aware training, measured',
    '',
    `${setting.model}. ${setting.trainingImages.toLocaleString('en')} training images (${setting.augmentation}), top-1 on ${setting.testImages.toLocaleString('en')} ${isValidation ? 'other training images, which the float model has seen' : 'test images'}.`,
    `${setting.optimizer}, unless a row says Adam; seed ${setting.seed}. Rows below 8 bits: target \`academic\`, first and last layer 8 bits (one-bit rows: float); W8A8: target \`ort-x64-vnni\`.`,
    '"Published" is what full training reached elsewhere, hundreds of epochs on 50,000 images; r = read in the authors\' repository, m = recalled from the paper.',
    '"Level 2" is the best of post-training quantization at the same bits, on the same images (few bits: packages/ptq/bench/results/rounding.md).',
    '"Exported" is the QDQ file as written, run by onnxruntime, and how many of its predictions are those of the trained model; "rewritten" the same with onnxruntime\'s own rewriting to integer kernels.',
    '',
    '| row | epochs × batch | peak rate | distilled | calibrated only | level 2 | trained | exported, equal | rewritten, equal | published |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...[...rows].sort(byBits).map(line),
    '',
    ...notes(rows),
    ...(missing.length === 0 || isValidation ? [] : [`Rows without a result yet: ${missing.join(', ')}.`, '']),
  ];
  return lines.join('\n');
}

// — internals —

function line(row: RowResult): string {
  const published = publishedFigures.find(
    ({ method, weights, activations }) =>
      !row.id.startsWith('mobilenet') &&
      row.method === method &&
      weights === row.weights &&
      activations === row.activations,
  );
  const cells = [
    row.id,
    `${row.epochs} × ${row.batchSize ?? defaultBatchSize}`,
    `${row.learningRate}${scheduleOf(row)?.optimizer === 'adam' ? ' (Adam)' : ''}`,
    row.distillation > 0
      ? `${row.distillation}${row.temperature === undefined ? '' : `, T = ${row.temperature}`}`
      : '–',
    row.calibrated.toFixed(2),
    levelTwoCell(levelTwoOf(row)),
    `**${row.topOne.toFixed(2)}**`,
    agreementCell(row.export),
    agreementCell(row.export?.rewritten),
    published === undefined ? '–' : `${published.topOne} ${published.evidence === 'read' ? 'r' : 'm'}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function scheduleOf({ id }: RowResult): Schedule | undefined {
  return qatRows.find((row) => row.id === id)?.schedule;
}

function levelTwoOf({ id, method, levelTwo }: RowResult): LevelTwoFigure | undefined {
  if (levelTwo !== undefined) return { topOne: levelTwo, method: 'gptq' };
  return method === 'float' ? undefined : levelTwoFigures[id.replace(/-.*/, '')];
}

function levelTwoCell(figure: LevelTwoFigure | undefined): string {
  return figure === undefined ? '–' : `${figure.topOne.toFixed(2)} (${figure.method})`;
}

function agreementCell(check: { readonly topOne: number; readonly agreement: number } | undefined): string {
  return check === undefined ? '–' : `${check.topOne.toFixed(2)}, ${check.agreement.toFixed(2)} %`;
}

/** What the table cannot say in a cell. */
function notes(rows: readonly RowResult[]): string[] {
  const lines: string[] = [];
  for (const { id, startsFrom } of rows) if (startsFrom !== undefined) lines.push(`${id} starts from ${startsFrom}.`);
  const float = rows.find(({ id }) => id === 'mobilenet-float');
  for (const { id, topOne, levelTwo: ptq } of rows) {
    if (float === undefined || ptq === undefined) continue;
    const share = (100 * (topOne - ptq)) / (float.topOne - ptq);
    lines.push(
      `${id}: level 2 loses ${(float.topOne - ptq).toFixed(2)} points of ${float.topOne.toFixed(2)}; training ends at ${topOne.toFixed(2)}, ${share.toFixed(0)} % of the loss won back. The float network was trained briefly: with the same further epochs (mobilenet-float-more) it gains too, so that is the fair yardstick.`,
    );
  }
  return lines.flatMap((text) => [text, '']);
}

function byBits(a: RowResult, b: RowResult): number {
  return b.weights - a.weights || b.activations - a.activations || a.id.localeCompare(b.id);
}
