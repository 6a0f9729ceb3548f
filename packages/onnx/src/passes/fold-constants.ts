import { nodeLabel } from '../graph/body-graphs';
import type { GraphEditor } from '../graph/editor-types';
import { opsetVersion } from '../graph/opset-version';
import type { Node } from '../message/types';
import { staticDims } from '../shape/dim';
import { elementCount } from '../shape/element-map';
import { createContext, type Inference, inferModel } from '../shape/infer-graph';
import { overriddenInputs } from '../shape/infer-shapes';
import type { InferContext } from '../shape/infer-types';
import { DataType, findDataType } from '../tensor/data-type';
import { tensorFromArray } from '../tensor/tensor-from-array';
import { arithmeticEvaluators } from './fold/arithmetic';
import { buildConstant, type ConstantTensor, constantOf, tensorOf } from './fold/constant-tensor';
import type { Evaluate } from './fold/evaluate-types';
import { generatorEvaluators } from './fold/generators';
import { movementEvaluators } from './fold/movement';
import { partialShapeInput } from './fold/partial-shape';
import { editingPass, type GraphPass, isStandard, type PassOptions } from './graph-pass';

/** Options of `foldConstants`. */
export interface FoldConstantsOptions extends PassOptions {
  /**
   * A result larger than this many bytes is kept only where it replaces constants of at least its size that nothing
   * else reads, so that folding never blows the file up. Default 65536.
   */
  readonly maxBytes?: number | undefined;
}

const evaluators: Readonly<Record<string, Evaluate>> = {
  ...movementEvaluators,
  ...arithmeticEvaluators,
  ...generatorEvaluators,
};

/** Bytes of the constants that only `node` reads: what folding it frees. */
const freedBytes = (edit: GraphEditor, node: Node, inputs: readonly (ConstantTensor | undefined)[]): number =>
  inputs.reduce((sum, input, i) => {
    const readers = new Set(edit.consumers(node.input[i] ?? '').map((use) => use.owner));
    return input === undefined || readers.size > 1 ? sum : sum + input.data.byteLength;
  }, 0);

/** Evaluates a node all of whose inputs are constants; undefined when that is not the case or not possible. */
const evaluate = (
  edit: GraphEditor,
  node: Node,
  context: InferContext,
  inference: Inference,
  options: FoldConstantsOptions,
): readonly ConstantTensor[] | undefined => {
  const compute = evaluators[node.opType];
  if (compute === undefined || node.input.some((name) => name !== '' && edit.constant(name) === undefined))
    return undefined;
  const outputDims = node.output.map((name) => staticDims(inference.types.get(name)?.dims));
  const bits = node.output.map((name) => findDataType(inference.types.get(name)?.dataType ?? 0)?.bits ?? 64);
  const bytes = outputDims.reduce((sum, dims, i) => sum + (elementCount(dims ?? []) * (bits[i] ?? 64)) / 8, 0);
  const inputs = node.input.map((name) => {
    const tensor = edit.constant(name);
    return tensor === undefined ? undefined : constantOf(tensor, options.readExternal);
  });
  if (inputs.some((input, i) => input === undefined && node.input[i] !== '')) return undefined;
  if (bytes > (options.maxBytes ?? 65_536) && bytes > freedBytes(edit, node, inputs)) return undefined;
  const results = compute(context, inputs, outputDims);
  const complete = results?.filter((result) => result !== undefined) ?? [];
  return complete.length > 0 && complete.length === node.output.length ? complete : undefined;
};

const foldableTypes: ReadonlySet<number> = new Set([DataType.INT64, DataType.INT32, DataType.BOOL, DataType.FLOAT]);

/** A first output whose every element follows from shapes alone, e.g. Gather(Shape(x), 1) of a fixed axis. */
const knownFromShapes = (name: string, inference: Inference): ConstantTensor | undefined => {
  const value = inference.values.get(name);
  const type = inference.types.get(name);
  const dims = staticDims(type?.dims);
  if (value === undefined || dims === undefined || !foldableTypes.has(type?.dataType ?? 0)) return undefined;
  const numbers = value.filter(
    (x): x is number => typeof x === 'number' && (Number.isSafeInteger(x) || type?.dataType === DataType.FLOAT),
  );
  if (numbers.length !== value.length) return undefined;
  return buildConstant(type?.dataType ?? 0, dims, (i) => numbers[i] ?? 0);
};

/**
 * Replaces what can be computed now by initializers:
 * - nodes whose inputs are all constants (shape, movement, comparison and arithmetic operators, Cast, Range, …);
 * - nodes whose result follows from shapes although their input is not constant (Shape -> Gather of a fixed axis);
 * - the shape input of Reshape and Expand when it is known up to named sizes: those become 0, -1 or 1, so the chain
 *   that computed the batch size disappears.
 *
 * Exact: the same bits as running the nodes. Never folded: quantization operators, random numbers, nodes with body
 * graphs, model outputs.
 */
export const foldConstants: GraphPass<FoldConstantsOptions> = editingPass(
  'foldConstants',
  ({ model, edit, options, note }) => {
    const inference = inferModel(model, {
      inputTypes: overriddenInputs(model, {}),
      useDeclared: true,
      readExternal: options.readExternal,
    });
    for (const node of edit.nodes()) {
      if (!isStandard(node) || node.opType === 'Constant') continue;
      const context = createContext(node, opsetVersion(model) || 1, inference, () => []);
      const [output = ''] = node.output;
      const isComputed = evaluators[node.opType] !== undefined && !node.output.some((name) => edit.isOutput(name));
      let results = isComputed ? evaluate(edit, node, context, inference, options) : undefined;
      if (results === undefined && isComputed && node.output.length === 1) {
        const known = knownFromShapes(output, inference);
        results = known === undefined ? undefined : [known];
      }
      if (results !== undefined) {
        edit.removeNode(node);
        results.forEach((result, i) => {
          const name = node.output[i] ?? '';
          if (name !== '') edit.addInitializer(tensorOf(name, result));
        });
        note(`folded ${node.opType} "${nodeLabel(node)}"`);
        continue;
      }
      rewriteShapeInput(edit, node, context, note);
    }
  },
);

/** Gives Reshape and Expand a constant shape input where the computed one is known well enough. */
const rewriteShapeInput = (
  edit: GraphEditor,
  node: Node,
  context: InferContext,
  note: (change: string) => void,
): void => {
  const shapeInput = node.input[1] ?? '';
  if (shapeInput === '' || edit.constant(shapeInput) !== undefined) return;
  const target = partialShapeInput(node.opType, context);
  if (target === undefined) return;
  const name = edit.uniqueName(`${shapeInput}_constant`);
  edit.addInitializer(tensorFromArray(name, DataType.INT64, [target.length], BigInt64Array.from(target.map(BigInt))));
  edit.setInput(node, 1, name);
  note(`shape of ${node.opType} "${nodeLabel(node)}" became [${target.join(',')}]`);
};
