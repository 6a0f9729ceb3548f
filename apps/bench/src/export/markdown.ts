import type { Machine } from '../measure/machine';
import { percentCell, ratioCell } from './cells';
import type { ClassifierRow } from './classifiers';
import type { CaseResult } from './forms';
import type { LargeModelRow } from './large-model';
import type { RoundTripRow } from './round-trips';

export interface ExportReport {
  readonly machine: Machine;
  readonly commit: string;
  readonly forms?: readonly CaseResult[];
  readonly roundTrips?: readonly RoundTripRow[];
  readonly classifiers?: readonly ClassifierRow[];
  readonly large?: readonly LargeModelRow[];
}

/** The report as tables. */
export function exportMarkdown({
  machine,
  commit,
  forms = [],
  classifiers = [],
  roundTrips = [],
  large = [],
}: ExportReport): string {
  const lines = [
    '# ONNX forms of quantized models, and TensorFlow.js both ways',
    '',
    `${machine.cpu}, ${machine.processors} processors, load ${machine.load}, ${machine.date}, commit ${commit}. onnxruntime on one thread.`,
    'The integer reference is the packed model of the same spec in `@bitwright/runtime`: int32 accumulators, requantization, codes from operator to operator.',
    'It runs on our kernels here; the TypeScript operators give the same bits (tested). Its row also says how fast these kernels are beside onnxruntime.',
    'The TensorRT placement runs in onnxruntime as it is written; by default onnxruntime also rounds the float biases of convolutions to int32, which is the last row.',
    '',
  ];
  for (const { model, data, rows, speedup, floatNodes } of forms) {
    lines.push(
      `## ${model}`,
      '',
      `${data}. QOperator is ${speedup.toFixed(2)} times as fast as QDQ; ${floatNodes} nodes between quantizers stay float.`,
      '',
    );
    lines.push(
      '| form | samples | top-1 % | SQNR to float, dB | SQNR to its reference, dB | same class as its reference, % | ms per sample |',
      '|---|---|---|---|---|---|---|',
    );
    for (const row of rows) {
      const ms = row.ms?.toFixed(3) ?? '';
      const sqnr = row.sqnr?.toFixed(1) ?? '';
      lines.push(
        `| ${row.form} | ${row.samples} | ${percentCell(row.top1)} | ${sqnr} | ${ratioCell(row.toReference)} | ${percentCell(row.agreement)} | ${ms} |`,
      );
    }
    lines.push('');
  }
  if (classifiers.length > 0) {
    lines.push(
      '## ONNX classifiers in TensorFlow.js',
      '',
      'Logits: largest difference to onnxruntime over the largest logit.',
      '',
    );
    lines.push(
      '| model | layers | custom layers | logits in TensorFlow.js | back in onnxruntime | loss, then after 3 steps | weights that trained |',
      '|---|---|---|---|---|---|---|',
    );
    for (const row of classifiers) {
      const [before, after] = row.loss;
      const custom = row.customLayers.join(', ') || 'none';
      lines.push(
        `| ${row.model} | ${row.layers} | ${custom} | ${row.logits.toExponential(1)} | ${row.back.toExponential(1)} | ${before.toFixed(4)}, ${after.toFixed(4)} | ${row.trained[0]} of ${row.trained[1]} |`,
      );
    }
    lines.push('');
  }
  if (roundTrips.length > 0) {
    lines.push('## TensorFlow.js → ONNX → TensorFlow.js', '', 'Largest difference over the largest output.', '');
    lines.push(
      '| architecture | weights | in onnxruntime | back in TensorFlow.js | Transpose nodes |',
      '|---|---|---|---|---|',
    );
    for (const row of roundTrips) {
      lines.push(
        `| ${row.architecture} | ${row.weights} | ${row.onnx.toExponential(1)} | ${row.back.toExponential(1)} | ${row.transposes} |`,
      );
    }
    lines.push('');
  }
  if (large.length > 0) {
    lines.push('## A large model', '', '| direction | MB | seconds | peak memory over its size |', '|---|---|---|---|');
    for (const row of large)
      lines.push(
        `| ${row.direction} | ${row.megabytes.toFixed(0)} | ${row.seconds.toFixed(2)} | ${row.memoryFactor.toFixed(2)} |`,
      );
    lines.push('');
  }
  return lines.join('\n');
}
