import type { PlanProblem, QuantizationSpec, TensorQuantization } from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import type { ExportedFile, Exporter } from './exporter';
import { tensorPlace } from './spec-tensors';

/** Two roundings of float32, as when a reciprocal is written and inverted again. */
const defaultTolerance = 2 ** -22;

/**
 * Checks written files against the spec they were made from: by the rules of the format, and where it can be read back tensor
 * by tensor. Empty when the files say what the spec says.
 *
 * @param tolerance largest relative difference of a scale, for formats that store something else than float32
 */
export function readBackProblems(
  exporter: Pick<Exporter, 'validate' | 'read'>,
  files: readonly ExportedFile[],
  spec: QuantizationSpec,
  model: Model,
  tolerance: number = defaultTolerance,
): readonly PlanProblem[] {
  const problems = exporter.validate(files, model);
  if (problems.length > 0 || exporter.read === undefined) return problems;
  const read = exporter.read(files, model).tensors;
  return Object.entries(read).flatMap(([name, actual]) => {
    // A layer's own name for what the tensor behind its absorbed Relu holds is not in the spec.
    const expected = Object.hasOwn(spec.tensors, name) ? spec.tensors[name] : undefined;
    return expected === undefined ? [] : tensorProblems(name, actual, expected, tolerance);
  });
}

// — internals —

function tensorProblems(
  name: string,
  actual: TensorQuantization,
  expected: TensorQuantization,
  tolerance: number,
): readonly PlanProblem[] {
  const where = tensorPlace(name);
  if (actual.role !== expected.role) return [{ where, expected: expected.role, received: actual.role }];
  const [a, e] = [actual.qparams, expected.qparams];
  const shift = actual.scheme.dtype.qmin - expected.scheme.dtype.qmin;
  const isSameWidth = actual.scheme.dtype.bits === expected.scheme.dtype.bits;
  for (let g = 0; g < Math.max(a.scale.length, e.scale.length); g++) {
    const [scale, wanted] = [entry(a.scale, g), entry(e.scale, g)];
    if (!(Math.abs(scale - wanted) <= tolerance * wanted)) {
      return [{ where, expected: `scale ${wanted} at parameter ${g}`, received: String(scale) }];
    }
    const [zeroPoint, wantedZero] = [entry(a.zeroPoint, g), entry(e.zeroPoint, g) + shift];
    if (isSameWidth && zeroPoint !== wantedZero) {
      return [{ where, expected: `zero point ${wantedZero} at parameter ${g}`, received: String(zeroPoint) }];
    }
  }
  return [];
}

/** Parameter g, or the only one. */
function entry(values: ArrayLike<number>, g: number): number {
  return (values.length === 1 ? values[0] : values[g]) ?? Number.NaN;
}
