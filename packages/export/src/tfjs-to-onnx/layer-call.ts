import { ModelFormatError, UnsupportedOperatorError } from '@bitwright/core';
import type { GraphWriter } from './graph-writer';
import type { LayerWeight } from './layers-model';
import type { Value } from './value';

/** One call of one layer: what a converter sees. */
export interface LayerCall {
  /** Name of the layer with the models it is nested in: `encoder/conv1`. */
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Value[];
  readonly writer: GraphWriter;
  /** A weight by its short name (`kernel`); undefined when the model has none. */
  findWeight(name: string): LayerWeight | undefined;
  /** The same call for a layer inside this one: the wrapped layer of TimeDistributed or Bidirectional. */
  inner(
    className: string,
    config: Readonly<Record<string, unknown>>,
    inputs: readonly Value[],
    segment?: string,
  ): LayerCall;
  /** Converts a call of another layer, by the rules in use. */
  convert(call: LayerCall): readonly Value[];
}

/** How one family of layers becomes ONNX nodes: one small value per family, third parties' like the built-in ones. */
export interface LayerConverter {
  readonly classNames: readonly string[];
  /**
   * Writes the nodes of one call; returns its outputs.
   *
   * @throws {UnsupportedOperatorError} for a configuration that ONNX cannot express
   */
  convert(call: LayerCall): readonly Value[];
}

/**
 * A weight that must exist, with its shape checked: null accepts any size.
 *
 * @throws {ModelFormatError} naming layer and weight
 */
export function weightOf(call: LayerCall, name: string, shape: readonly (number | null)[]): LayerWeight {
  const weight = call.findWeight(name);
  if (weight === undefined) {
    throw new ModelFormatError({
      operation: `[export] ${call.className} layer "${call.name}"`,
      expected: `a weight "${name}"`,
      received: 'none',
      hint: 'Was the model saved with its weights?',
    });
  }
  const fits =
    weight.shape.length === shape.length && shape.every((size, i) => size === null || size === weight.shape[i]);
  if (fits) return weight;
  throw new ModelFormatError({
    operation: `[export] ${call.className} layer "${call.name}"`,
    expected: `a weight "${weight.name}" of shape [${shape.map((size) => size ?? '?').join(',')}]`,
    received: `[${weight.shape.join(',')}]`,
  });
}

/** The only input of a call. */
export function inputOf(call: LayerCall): Value {
  const [input] = call.inputs;
  if (input === undefined || call.inputs.length !== 1) throw malformedLayer(call, 'one input', `${call.inputs.length}`);
  return input;
}

/** A number in the configuration. */
export function numberOf(call: LayerCall, key: string, fallback?: number): number {
  const value = call.config[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw malformedLayer(call, `a number ${key}`, JSON.stringify(value) ?? 'none');
  return value;
}

/** `count` positive integers in the configuration, given as a list or as one number for all. */
export function sizesOf(call: LayerCall, key: string, count: number, fallback?: number): number[] {
  const value = call.config[key] ?? fallback;
  const list: unknown[] = Array.isArray(value) ? value : new Array(count).fill(value);
  if (list.length === count && list.every((item) => typeof item === 'number' && Number.isInteger(item) && item > 0)) {
    return list.map(Number);
  }
  throw malformedLayer(call, `${count} positive integers ${key}`, JSON.stringify(value) ?? 'none');
}

/** A text in the configuration. */
export function textOf(call: LayerCall, key: string, fallback: string): string {
  const value = call.config[key] ?? fallback;
  if (typeof value !== 'string') throw malformedLayer(call, `a text ${key}`, JSON.stringify(value));
  return value;
}

/** A switch in the configuration; null counts as the fallback. */
export function flagOf(call: LayerCall, key: string, fallback: boolean): boolean {
  return Boolean(call.config[key] ?? fallback);
}

/** A size that must be known when the model is converted. */
export function knownSize(call: LayerCall, size: number | null | undefined, what: string): number {
  if (typeof size === 'number') return size;
  throw unsupportedLayer(
    call,
    `a known ${what}`,
    'a size that only a run decides',
    'Fix the size in the input shape of the model.',
  );
}

export function malformedLayer(call: LayerCall, expected: string, received: string): ModelFormatError {
  return new ModelFormatError({ operation: `[export] ${call.className} layer "${call.name}"`, expected, received });
}

/** The layer or its configuration has no form in ONNX. */
export function unsupportedLayer(
  call: LayerCall,
  expected: string,
  received: string,
  hint?: string,
): UnsupportedOperatorError {
  return new UnsupportedOperatorError({
    operation: `[export] ${call.className} layer "${call.name}"`,
    expected,
    received,
    hint,
  });
}
