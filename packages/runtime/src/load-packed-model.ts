import { findTarget, type RequantizationMethod, type Target } from '@bitwright/core';
import { type PackedValue, readPacked } from '@bitwright/export';
import { arranged, dequantized, quantized } from './convert-value';
import type { IntegerOperators } from './integer-operators';
import { checkInputs, type RealTensor, refuseOtherInputs } from './model-inputs';
import { type PlannedStep, planSteps } from './plan-steps';
import { integerOperators } from './reference-operators';
import { createMemory, type Memory } from './run-context';
import { defaultLowerings, type LoweringRegistry } from './steps/registry';
import type { CodesValue, Value } from './value';

export interface LoadOptions {
  /** Default: `integerOperators()`, the TypeScript reference. */
  readonly operators?: IntegerOperators;
  /** Where quantizers go; default: the target of the spec. */
  readonly target?: Target;
  /** How accumulators become codes; default: `fixedPointTwice` for tflite, as its kernels do, `float` for all others. */
  readonly requantization?: RequantizationMethod;
  /** Default: the built-in operators. */
  readonly lowerings?: LoweringRegistry;
}

/** A tensor that was looked at on the way. */
export interface ObservedTensor extends RealTensor {
  /** Codes in the order of `data`, and their grid; left out where the tensor is real. */
  readonly codes?: CodesValue['data'];
  readonly scale?: number;
  readonly zeroPoint?: number;
}

/** A quantized model that runs. Calls do not overlap: memory is used again from one to the next. */
export interface IntegerModel {
  readonly inputs: readonly PackedValue[];
  readonly outputs: readonly PackedValue[];
  /**
   * Runs the model on real inputs, in ONNX order. Tensors named in `observe` come back beside the outputs, those that are never written
   * (in front of an absorbed Relu) left out.
   *
   * @throws {ShapeMismatchError|InvalidArgumentError} when inputs are missing or do not fit
   */
  run(
    inputs: Readonly<Record<string, RealTensor>>,
    options?: { readonly observe?: readonly string[] },
  ): Readonly<Record<string, ObservedTensor>>;
}

/**
 * Makes a packed model run, in integers wherever its spec says so.
 *
 * @throws {ModelFormatError} when the bytes are no packed model
 * @throws {UnsupportedOperatorError} naming the first input that is not float32, or the first node that does not run here
 * @see docs/packed-format.md
 * @example loadPackedModel(bytes).run({ image: { data, shape: [1, 3, 32, 32] } })['logits']
 */
export function loadPackedModel(bytes: Uint8Array, options: LoadOptions = {}): IntegerModel {
  const packed = readPacked(bytes);
  const { spec, header } = packed;
  refuseOtherInputs(header.inputs);
  const {
    operators = integerOperators(),
    target = findTarget(spec.target),
    requantization = target.id === 'tflite' ? 'fixedPointTwice' : 'float',
    lowerings = defaultLowerings,
  } = options;
  const steps = planSteps(packed, { operators, target, method: requantization, lowerings });
  const memory = createMemory(operators);
  const results = header.outputs.map(({ name }) => name);
  let sizes = '';
  return Object.freeze<IntegerModel>({
    inputs: header.inputs,
    outputs: header.outputs,
    run(inputs, { observe = [] } = {}) {
      const values = checkInputs(header.inputs, inputs);
      const given = JSON.stringify([...values].map(([, { shape }]) => shape));
      if (given !== sizes) memory.clear();
      sizes = given;
      try {
        return runSteps(steps, values, [...results, ...observe], memory);
      } catch (error) {
        memory.clear();
        throw error;
      }
    },
  });
}

// — internals —

function runSteps(
  steps: readonly PlannedStep[],
  values: Map<string, Value>,
  wanted: readonly string[],
  memory: Memory,
): Readonly<Record<string, ObservedTensor>> {
  const onGrid = new Map<string, CodesValue>();
  const found = new Map<string, ObservedTensor>();
  const look = (name: string, value: Value): void => {
    if (wanted.includes(name)) found.set(name, observed(value, memory));
  };
  for (const [name, value] of values) look(name, value);
  for (const { inputs, grids, outputs, step, finished } of steps) {
    const read = inputs.map((name, i) => {
      const value = name === undefined ? undefined : values.get(name);
      const grid = grids[i];
      if (name === undefined || value === undefined || grid === undefined) return value;
      const known = onGrid.get(name) ?? quantized(value, grid, memory);
      if (!onGrid.has(name)) memory.retain(known);
      onGrid.set(name, known);
      return known;
    });
    for (const [i, result] of step(read, memory).entries()) {
      const output = outputs[i];
      if (output === undefined) continue;
      const value = finish(result, output, memory);
      memory.retain(value);
      values.set(output.name, value);
      look(output.name, value);
    }
    memory.settle();
    for (const name of finished) {
      for (const map of [values, onGrid]) {
        const value = map.get(name);
        if (value !== undefined) memory.release(value);
        map.delete(name);
      }
    }
  }
  for (const map of [values, onGrid]) for (const value of map.values()) memory.release(value);
  memory.settle();
  return Object.fromEntries(found);
}

/** A result on the grid of its output, or clamped where it stays real. */
function finish(value: Value, { codes, clamp }: PlannedStep['outputs'][number], memory: Memory): Value {
  if (codes !== undefined) return quantized(value, codes, memory);
  if (clamp === 'none' || typeof clamp === 'string') return value;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = clamp;
  const real = dequantized(value, memory);
  const clamped = memory.newReal(real);
  for (let i = 0; i < clamped.data.length; i++) {
    clamped.data[i] = Math.min(Math.max(real.data[i] as number, min), max);
  }
  return clamped;
}

/** A copy in ONNX order. */
function observed(value: Value, memory: Memory): ObservedTensor {
  const plain = arranged(value, 'plain', memory);
  const { shape } = plain;
  const data = dequantized(plain, memory).data.slice();
  if (plain.kind === 'real') return { data, shape };
  const { scale, zeroPoint } = plain.parameters;
  return { data, shape, codes: plain.data.slice() as CodesValue['data'], scale, zeroPoint };
}
