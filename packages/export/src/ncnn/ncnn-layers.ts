import type { PlanProblem, QuantizationSpec, TensorQuantization } from '@bitwright/core';
import { type GraphIndex, getInt, type Node } from '@bitwright/onnx';
import { outputAxis } from '../output-axis';
import { nodePlace, tensorPlace } from '../spec-tensors';

/** A layer that ncnn can run on int8, with the tensors its two rows of the table come from. */
export interface NcnnLayer {
  readonly node: Node;
  readonly activation: TensorQuantization;
  readonly weight: TensorQuantization;
  /** Entries of the weight row: one per output, or per group of a grouped convolution. */
  readonly rowLength: number;
}

export interface NcnnLayers {
  readonly layers: readonly NcnnLayer[];
  readonly problems: readonly PlanProblem[];
  /** Nodes that the spec has on integers and ncnn in float. */
  readonly others: readonly Node[];
}

/** Convolutions and matrix products that a spec has on integers; ncnn computes everything else in float. */
export function ncnnLayers(spec: QuantizationSpec, index: GraphIndex): NcnnLayers {
  const layers: NcnnLayer[] = [];
  const problems: PlanProblem[] = [];
  const others: Node[] = [];
  for (const node of index.nodes) {
    const decision = Object.hasOwn(spec.nodes, node.name) ? spec.nodes[node.name] : undefined;
    if (decision?.kind !== 'integer') continue;
    if (node.opType !== 'Conv' && node.opType !== 'Gemm' && node.opType !== 'MatMul') {
      others.push(node);
      continue;
    }
    const found = layerOf(node, spec, index);
    if ('rowLength' in found) layers.push(found);
    else problems.push(found);
  }
  return { layers, problems, others };
}

/** Scales of the weight row: one per entry. */
export function weightScales({ weight, rowLength }: NcnnLayer): Float32Array {
  const { scale } = weight.qparams;
  if (scale.length === 1) return new Float32Array(rowLength).fill(scale[0] as number);
  const perEntry = scale.length / rowLength;
  return Float32Array.from({ length: rowLength }, (_, i) => scale[i * perEntry] as number);
}

// — internals —

function layerOf(node: Node, spec: QuantizationSpec, index: GraphIndex): NcnnLayer | PlanProblem {
  const where = nodePlace(node.name);
  const [activationName = '', weightName = ''] = node.input;
  const activation = Object.hasOwn(spec.tensors, activationName) ? spec.tensors[activationName] : undefined;
  const weight = Object.hasOwn(spec.tensors, weightName) ? spec.tensors[weightName] : undefined;
  const dims = index.initializer(weightName)?.dims.map(Number);
  if (activation === undefined || weight === undefined || dims === undefined) {
    const missing = activation === undefined ? activationName : weightName;
    return { where, expected: `parameters of "${missing}"`, received: 'none in the spec' };
  }
  const axis = outputAxis(node);
  const problem = weightProblem(weightName, weight, axis);
  if (problem !== undefined) return problem;
  const outputs = dims[axis] ?? 0;
  const groups = node.opType === 'Conv' ? getInt(node, 'group', 1) : 1;
  const rowLength = groups > 1 ? groups : outputs;
  const { scale } = weight.qparams;
  const perGroup = outputs / rowLength;
  const differs = scale.length > 1 && scale.some((s, i) => s !== scale[i - (i % perGroup)]);
  if (differs) {
    return {
      where: tensorPlace(weightName),
      expected: `one scale per group (${groups} groups of ${perGroup} outputs)`,
      received: 'outputs of a group with different scales',
      hint: 'Give them one scale, or leave the node in float.',
    };
  }
  return { node, activation, weight, rowLength };
}

function weightProblem(name: string, { scheme, qparams }: TensorQuantization, axis: number): PlanProblem | undefined {
  const where = tensorPlace(name);
  const { granularity, dtype } = scheme;
  const isOutputAxis =
    granularity.kind === 'perTensor' || (granularity.kind === 'perAxis' && granularity.axis === axis);
  if (!isOutputAxis) {
    return { where, expected: `scales per tensor or along axis ${axis}`, received: `${granularity.kind} scales` };
  }
  if (!dtype.signed || dtype.bits > 8) {
    return { where, expected: 'int8 weights', received: dtype.name, hint: 'Quantize with --target ncnn.' };
  }
  const zeroPoint = qparams.zeroPoint.find((z) => z !== 0);
  return zeroPoint === undefined ? undefined : { where, expected: 'zero point 0', received: String(zeroPoint) };
}
