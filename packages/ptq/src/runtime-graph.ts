import { DataType, decodeModel, inferShapes, type Model, type Node } from '@bitwright/onnx';
import type { Runtime } from './session';

/** What a runtime makes of a model: the operators it really executes. */
export interface RuntimeGraph {
  /** How often each operator type runs, by `domain:opType` (`opType` for ai.onnx), sorted by name. */
  readonly operators: Readonly<Record<string, number>>;
  /** Operators that compute on integers or move codes. */
  readonly integer: number;
  /** Operators that compute on or move floats (quantizers and shape arithmetic not counted). */
  readonly float: number;
  /** QuantizeLinear and DequantizeLinear left over. */
  readonly quantizers: number;
  /** Types of the float operators, with counts. */
  readonly floatOperators: Readonly<Record<string, number>>;
}

/**
 * Has the runtime write the graph as it executes it, and counts; undefined where the runtime cannot.
 *
 * @throws {RuntimeError} when the runtime refuses the model
 */
export async function readRuntimeGraph(runtime: Runtime, model: Uint8Array): Promise<RuntimeGraph | undefined> {
  const optimized = await runtime.optimize?.(model);
  return optimized === undefined ? undefined : countOperators(decodeModel(optimized));
}

const quantizerTypes = new Set(['QuantizeLinear', 'DequantizeLinear']);
const integerTypes = /^(QLinear|QGemm$|QAttention$|MatMulInteger|ConvInteger|DynamicQuantize)/;
const codeTypes = new Set<number>([DataType.INT8, DataType.UINT8, DataType.INT4, DataType.UINT4]);
const realTypes = new Set<number>([DataType.FLOAT, DataType.FLOAT16, DataType.DOUBLE, DataType.BFLOAT16]);

/** Counts what runs on integers, by operator type and by the element type of what a node reads and writes. */
export function countOperators(model: Model): RuntimeGraph {
  const types = inferShapes(model);
  const counts = new Map<string, number>();
  const floatCounts = new Map<string, number>();
  let integer = 0;
  let float = 0;
  let quantizers = 0;
  for (const node of model.graph?.node ?? []) {
    const key = node.domain === '' || node.domain === 'ai.onnx' ? node.opType : `${node.domain}:${node.opType}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const kind = kindOf(node, (name) => types.get(name)?.dataType);
    if (kind === 'quantizer') quantizers += 1;
    if (kind === 'integer') integer += 1;
    if (kind !== 'float') continue;
    float += 1;
    floatCounts.set(node.opType, (floatCounts.get(node.opType) ?? 0) + 1);
  }
  return { operators: sorted(counts), integer, float, quantizers, floatOperators: sorted(floatCounts) };
}

function kindOf(node: Node, typeOf: (name: string) => number | undefined): 'quantizer' | 'integer' | 'float' | 'other' {
  if (quantizerTypes.has(node.opType)) return 'quantizer';
  if (integerTypes.test(node.opType)) return 'integer';
  const dataTypes = [node.input[0], node.output[0]].map((name) => (name === undefined ? undefined : typeOf(name)));
  if (dataTypes.some((type) => type !== undefined && codeTypes.has(type))) return 'integer';
  const isReal = dataTypes.some((type) => type === undefined || realTypes.has(type));
  return isReal && node.opType !== 'Constant' ? 'float' : 'other';
}

function sorted(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
