import { type PlanProblem, type QuantizationSpec, type TensorQuantization, targets } from '@bitwright/core';
import { DataType, type GraphIndex, graphIndex, inferShapes, type Model, type Node } from '@bitwright/onnx';
import { requireGraph } from './onnx-qdq/require-graph';

/** A tensor of the spec with its place in the graph. */
export interface SpecTensor {
  readonly name: string;
  readonly quantization: TensorQuantization;
  /** Shape of a constant; undefined for activations. */
  readonly shape: readonly number[] | undefined;
}

/** Tensors of a spec in the order of the graph: inputs first, then what each node reads and writes. */
export function specTensors(
  spec: QuantizationSpec,
  index: GraphIndex,
  role?: TensorQuantization['role'],
): readonly SpecTensor[] {
  const seen = new Set<string>();
  const found: SpecTensor[] = [];
  const add = (name: string): void => {
    if (seen.has(name) || !Object.hasOwn(spec.tensors, name)) return;
    seen.add(name);
    const quantization = spec.tensors[name];
    if (quantization === undefined || (role !== undefined && quantization.role !== role)) return;
    found.push({ name, quantization, shape: index.initializer(name)?.dims.map(Number) });
  };
  for (const input of index.inputs) add(input.name);
  for (const node of index.nodes) for (const name of [...node.input, ...node.output]) add(name);
  return found;
}

/** The graph of a model, indexed. */
export function modelIndex(model: Model, exporterId: string): GraphIndex {
  return graphIndex(requireGraph(model, `[export] ${exporterId}`));
}

/**
 * What every format refuses: tensors the model lacks, scales that are no positive normal float32 numbers, numbers of scales
 * that do not fit the shape, and integer nodes whose inputs have no parameters.
 */
export function commonProblems(spec: QuantizationSpec, model: Model, index: GraphIndex): readonly PlanProblem[] {
  return [...unknownTensors(spec, index), ...parameterProblems(spec, index), ...missingRanges(spec, model, index)];
}

/** A problem when a format would be written without a single entry. */
export function emptyProblems(entries: readonly unknown[], what: string): readonly PlanProblem[] {
  if (entries.length > 0) return [];
  const hint = 'Quantize for this target; see which operators it runs on integers with `bitwright inspect`.';
  return [{ where: 'spec', expected: `at least one ${what}`, received: 'none', hint }];
}

/** `tensor "conv1.w"`: how problems name a tensor. */
export function tensorPlace(name: string): string {
  return `tensor ${JSON.stringify(name)}`;
}

/** `node "conv1"`: how problems name a node. */
export function nodePlace(name: string): string {
  return `node ${JSON.stringify(name)}`;
}

// — internals —

/** Smallest normal float32: below it formats that store float32 lose the scale. */
const smallestScale = 2 ** -126;

function unknownTensors(spec: QuantizationSpec, index: GraphIndex): readonly PlanProblem[] {
  const isKnown = (name: string): boolean =>
    index.initializer(name) !== undefined || index.producer(name) !== undefined || index.isInput(name);
  return Object.keys(spec.tensors)
    .filter((name) => !isKnown(name))
    .map((name) => ({
      where: tensorPlace(name),
      expected: 'a tensor of the model',
      received: 'none',
      hint: 'The spec was made for another model, or for the model before its preparation passes.',
    }));
}

function parameterProblems(spec: QuantizationSpec, index: GraphIndex): readonly PlanProblem[] {
  return Object.entries(spec.tensors).flatMap(([name, { scheme, qparams, role }]): PlanProblem[] => {
    const where = tensorPlace(name);
    const bad = qparams.scale.findIndex((s) => !(s >= smallestScale && Number.isFinite(s)));
    if (bad >= 0) {
      const received = `${qparams.scale[bad]}${qparams.scale.length > 1 ? ` at parameter ${bad}` : ''}`;
      return [{ where, expected: 'a positive finite scale', received }];
    }
    const { granularity } = scheme;
    const shape = index.initializer(name)?.dims.map(Number);
    if ((role === 'activation') !== (shape === undefined)) {
      const received = shape === undefined ? 'a computed tensor' : 'a constant';
      return [{ where, expected: role === 'activation' ? 'a computed tensor' : `a constant as ${role}`, received }];
    }
    const count =
      granularity.kind === 'perTensor' ? 1 : granularity.kind === 'perAxis' ? shape?.[granularity.axis] : undefined;
    if (count !== undefined && count !== qparams.scale.length) {
      return [{ where, expected: `${count} scale(s)`, received: String(qparams.scale.length) }];
    }
    if (role === 'activation' && granularity.kind !== 'perTensor') {
      return [{ where, expected: 'one scale for an activation', received: `${granularity.kind} scales` }];
    }
    return [];
  });
}

/** Inputs of integer nodes that carry real numbers but no parameters. */
function missingRanges(spec: QuantizationSpec, model: Model, index: GraphIndex): readonly PlanProblem[] {
  const types = inferShapes(model);
  const needs = (node: Node, name: string): boolean => {
    const type = types.get(name)?.dataType;
    const isReal = type === undefined || type === DataType.FLOAT;
    const isConstant = index.initializer(name) !== undefined;
    return name !== '' && isReal && !isConstant && !Object.hasOwn(spec.tensors, name) && isDataInput(node, name);
  };
  return index.nodes.flatMap((node) => {
    const kind = Object.hasOwn(spec.nodes, node.name) ? spec.nodes[node.name]?.kind : undefined;
    if (kind !== 'integer' && kind !== 'passThrough') return [];
    const missing = node.input.find((name) => needs(node, name));
    if (missing === undefined || isFusedSum(node, spec)) return [];
    return [
      {
        where: nodePlace(node.name),
        expected: `parameters of its input "${missing}"`,
        received: 'none in the spec',
        hint: 'Calibrate the model for this target, or leave the node in float.',
      },
    ];
  });
}

/** A residual sum whose other operand stays float, because the target computes it inside the convolution that made it. */
function isFusedSum(node: Node, spec: QuantizationSpec): boolean {
  const target = targets.find(({ id }) => id === spec.target);
  if (node.opType !== 'Add' || target?.placement.residualAdd !== 'oneInput') return false;
  return node.input.some((name) => Object.hasOwn(spec.tensors, name));
}

/** Operators whose inputs behind the first are shapes, axes or indices. */
const firstInputOnly = new Set([
  'Reshape',
  'Resize',
  'Slice',
  'Expand',
  'Tile',
  'Gather',
  'Pad',
  'Squeeze',
  'Unsqueeze',
]);

function isDataInput(node: Node, name: string): boolean {
  return firstInputOnly.has(node.opType) ? node.input[0] === name : true;
}
