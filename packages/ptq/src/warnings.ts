import type { QuantizationSpec } from '@bitwright/core';
import { isRaised } from './raise-scales';
import type { QuantizationReport } from './report';

/** Below this SQNR an output differs visibly from float: the error has more than a tenth of the signal's amplitude. */
const lowSqnrDb = 20;
const fewSamples = 32;
/** Median over fastest run, from which on times are hardly worth comparing. */
const restless = 2;

/** What a user should know before shipping the result, in plain words. */
export function findWarnings(report: Omit<QuantizationReport, 'warnings'>, spec: QuantizationSpec): string[] {
  const warnings: string[] = [];
  const { latency, verification, runtimeGraph, evaluation, calibration, size } = report;
  if (latency !== undefined && latency.ratio < 1) {
    warnings.push(
      `the quantized model is ${(1 / latency.ratio).toFixed(2)}x slower than float here (batch ${latency.batch}): ` +
        'on this machine and model low bits do not pay in time',
    );
  }
  if (latency !== undefined && latency.unrest > restless) {
    warnings.push(
      `half of the timed runs took at least ${latency.unrest.toFixed(1)} times as long as the fastest: the machine is busy, so time again when it is not`,
    );
  }
  for (const output of verification?.outputs ?? []) {
    if (output.nonFinite > 0)
      warnings.push(
        `output "${output.output}" has ${output.nonFinite} NaN or infinite values that float does not have`,
      );
    else if (output.sqnrDb < lowSqnrDb) {
      warnings.push(
        `output "${output.output}" differs from float: SQNR ${output.sqnrDb.toFixed(1)} dB (below ${lowSqnrDb} dB)`,
      );
    }
  }
  if (runtimeGraph !== undefined && runtimeGraph.integer === 0) {
    warnings.push('no operator runs on integer kernels: the file is smaller, but not faster');
  }
  if (evaluation !== undefined && evaluation.float.top1 - evaluation.quantized.top1 > 0.01) {
    warnings.push(`accuracy fell by ${(100 * (evaluation.float.top1 - evaluation.quantized.top1)).toFixed(2)} points`);
  }
  if (calibration.samples < fewSamples) {
    warnings.push(
      `only ${calibration.samples} calibration samples; ranges from fewer than ${fewSamples} are unreliable`,
    );
  }
  if (size.quantizedBytes >= size.floatBytes) warnings.push('the quantized file is not smaller than the float file');
  for (const [name, tensor] of Object.entries(spec.tensors)) {
    if (tensor.role === 'activation' && tensor.origin.note !== undefined)
      warnings.push(`tensor "${name}": ${tensor.origin.note}`);
    if (tensor.role === 'weight' && isRaised(tensor)) warnings.push(`weight "${name}": ${tensor.origin.note}`);
  }
  return warnings;
}
