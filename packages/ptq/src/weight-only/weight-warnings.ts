import { weightDTypes } from './dtypes';
import type { WeightReport } from './weight-report';

/** Below this SQNR an output differs visibly from float. */
const lowSqnrDb = 10;

/** What a user should know before shipping the result, in plain words. */
export function findWeightWarnings(report: Omit<WeightReport, 'warnings'>): readonly string[] {
  const { verification, settings, float, size, float16 } = report;
  const warnings: string[] = [];
  for (const output of verification?.outputs ?? []) {
    if (output.nonFinite > 0) {
      const remedy = float16 === undefined ? '' : '; keep the nodes that overflow in float32 (keepFloat32)';
      warnings.push(
        `output "${output.output}" has ${output.nonFinite} NaN or infinite values that float does not have${remedy}`,
      );
    } else if (output.sqnrDb < lowSqnrDb) {
      warnings.push(`output "${output.output}" differs from float: SQNR ${output.sqnrDb.toFixed(1)} dB`);
    }
  }
  const isDynamic = weightDTypes[settings.dtype].codes === 'rows';
  if (isDynamic && settings.isSigned && !settings.reduceRange) {
    warnings.push(
      'int8 weights of full range saturate on x86 without VNNI: use dtype uint8, or the reduced range, where such machines matter',
    );
  }
  if (settings.dtype === 'bnb4') {
    warnings.push('bnb4 multiplies slower than float on the CPU: it saves bytes, not time (q4 saves both)');
  }
  if (weightDTypes[settings.dtype].bits === 2 && settings.accuracyLevel !== 4) {
    warnings.push('2-bit weights multiply many times slower than float on the CPU unless accuracyLevel is 4');
  }
  const left = float.reduce((bytes, tensor) => bytes + tensor.byteLength, 0);
  if (left > size.floatBytes / 4) {
    warnings.push(`${((100 * left) / size.floatBytes).toFixed(0)} % of the bytes stayed float: see the reasons`);
  }
  return warnings;
}
