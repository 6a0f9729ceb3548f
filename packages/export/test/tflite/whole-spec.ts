import {
  biasScheme,
  chooseQParams,
  findTarget,
  makeRange,
  perAxis,
  perTensor,
  type QuantizationSpec,
  type TensorQuantization,
  withScheme,
} from '@bitwright/core';
import {
  createValueInfo,
  DataType,
  encodeModel,
  graphIndex,
  inferShapes,
  type Model,
  tensorToFloat32,
} from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { outputAxis } from '../../src/output-axis';

const passing = new Set([
  'Reshape',
  'Flatten',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Split',
  'Pad',
  'MaxPool',
  'Gather',
]);

/** Smallest and largest value of every tensor on one input. */
async function observedRanges(
  model: Model,
  input: Float32Array,
  dims: readonly number[],
): Promise<Map<string, [number, number]>> {
  const types = inferShapes(model);
  const graph = model.graph!;
  const names = graph.node
    .flatMap((node) => node.output)
    .filter((name) => types.get(name)?.dataType === DataType.FLOAT);
  const outputs = names.map((name) =>
    createValueInfo(
      name,
      DataType.FLOAT,
      types.get(name)!.dims!.map((d, i) => d ?? `d${i}`),
    ),
  );
  const session = await ort.InferenceSession.create(encodeModel({ ...model, graph: { ...graph, output: outputs } }), {
    graphOptimizationLevel: 'disabled',
  });
  const results = await session.run({ x: new ort.Tensor('float32', input, dims) });
  await session.release();
  const range = (data: Float32Array): [number, number] => [Math.min(...data), Math.max(...data)];
  return new Map([
    ['x', range(input)],
    ...names.map((name): [string, [number, number]] => [name, range(results[name]!.data as Float32Array)]),
  ]);
}

/** A spec in which every node runs on integers (a Relu or Clip behind a layer is absorbed), for the target tflite. */
export async function wholeSpec(model: Model, input: Float32Array, dims: readonly number[]): Promise<QuantizationSpec> {
  const target = findTarget('tflite');
  const ranges = await observedRanges(model, input, dims);
  const index = graphIndex(model.graph!);
  const tensors: Record<string, TensorQuantization> = {};
  const nodes: Record<string, QuantizationSpec['nodes'][string]> = {};
  const activation = (name: string): TensorQuantization => {
    const [min, max] = ranges.get(name)!;
    const qparams = chooseQParams(makeRange(min, max), target.schemes.activation);
    return { role: 'activation', scheme: target.schemes.activation, qparams, origin: { source: 'user' } };
  };
  tensors['x'] = activation('x');
  const layers = new Set(['Conv', 'Gemm', 'MatMul', 'ConvTranspose']);
  const absorbing = new Set([...layers, 'Add', 'Sub', 'Mul']);
  const absorbed = new Set<string>();
  for (const node of index.nodes) {
    const isClamp = node.opType === 'Relu' || node.opType === 'Clip';
    const isAbsorbed = isClamp && absorbing.has(index.producer(node.input[0]!)?.opType ?? '');
    if (isAbsorbed) {
      absorbed.add(node.input[0]!);
      delete tensors[node.input[0]!];
    }
    const isPassing = passing.has(node.opType);
    nodes[node.name] = { kind: isAbsorbed ? 'absorbed' : isPassing ? 'passThrough' : 'integer', operator: node.opType };
    for (const [i, name] of node.input.entries()) {
      const constant = index.initializer(name);
      const isShape = i > 0 && (isPassing || node.opType === 'Resize');
      if (constant === undefined || constant.dataType !== DataType.FLOAT || isClamp || isShape) continue;
      const data = tensorToFloat32(constant);
      if (layers.has(node.opType) && i === 1) {
        const axis = outputAxis(node);
        const dimsOfWeight = constant.dims.map(Number);
        const inner = dimsOfWeight.slice(axis + 1).reduce((a, b) => a * b, 1);
        const channels = dimsOfWeight[axis]!;
        const absmax = new Array<number>(channels).fill(0);
        data.forEach((v, k) => {
          const c = Math.floor(k / inner) % channels;
          absmax[c] = Math.max(absmax[c]!, Math.abs(v));
        });
        const scheme = withScheme(target.schemes.weight, { granularity: perAxis(axis) });
        const qparams = chooseQParams(
          makeRange(
            absmax.map((v) => -v),
            absmax,
          ),
          scheme,
        );
        tensors[name] = { role: 'weight', scheme, qparams, origin: { source: 'user' } };
      } else if (layers.has(node.opType) && i === 2) {
        const sx = tensors[node.input[0]!]!.qparams.scale[0]!;
        const scale = tensors[node.input[1]!]!.qparams.scale.map((s) => Math.fround(sx * s));
        tensors[name] = {
          role: 'bias',
          scheme: biasScheme(scale.length === 1 ? perTensor : perAxis(0)),
          qparams: { scale, zeroPoint: new Int32Array(scale.length) },
          origin: { source: 'derived', from: [node.input[0]!, node.input[1]!] },
        };
      } else {
        const scheme = withScheme(target.schemes.activation, { granularity: perTensor });
        const qparams = chooseQParams(makeRange(Math.min(...data), Math.max(...data)), scheme);
        tensors[name] = { role: 'weight', scheme, qparams, origin: { source: 'user' } };
      }
    }
    for (const name of node.output) {
      if (!ranges.has(name)) continue;
      const leader = tensors[node.input[0]!];
      tensors[name] =
        isPassing && leader !== undefined
          ? { ...leader, origin: { source: 'derived', from: [node.input[0]!] } }
          : activation(name);
    }
  }
  return { version: 1, target: 'tflite', tensors, nodes, provenance: { tool: { name: 'test', version: '0' } } };
}
