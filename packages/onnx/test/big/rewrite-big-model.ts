// One step on a model of 2.5 GB: generate it tensor by tensor, rewrite it with one weight quantized, or check the result.
// Prints the peak memory of this process as JSON; big-model.test.ts runs each step in a process of its own.
import { join } from 'node:path';
import { argv, memoryUsage, resourceUsage, stdout } from 'node:process';
import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  mapInitializers,
  type Tensor,
  tensorFromArray,
  tensorToFloat32,
} from '@bitwright/onnx';
import { readModelFile, writeModelFile } from '@bitwright/onnx/node';

const tensors = 10;
const elements = 62_500_000;

/** Name and dims only; the elements are made when the tensor is written. */
function placeholder(index: number): Tensor {
  const tensor = tensorFromArray(`w${index}`, DataType.FLOAT, [0], new Float32Array(0));
  tensor.dims = [BigInt(elements)];
  return tensor;
}

function fill(tensor: Tensor): Tensor {
  const seed = Number(tensor.name.slice(1));
  const values = new Float32Array(elements);
  for (let i = 0; i < elements; i++) values[i] = ((i * 31 + seed) % 255) - 127;
  return tensorFromArray(tensor.name, DataType.FLOAT, [elements], values);
}

const folder = argv[3] ?? '.';
const source = join(folder, 'big.onnx');
const target = join(folder, 'edited.onnx');

async function generate(): Promise<number> {
  const names = Array.from({ length: tensors }, (_, i) => `w${i}`);
  const graph = createGraph({
    name: 'big',
    nodes: [createNode({ opType: 'Sum', inputs: ['x', ...names], outputs: ['y'] })],
    inputs: [createValueInfo('x', DataType.FLOAT, [elements])],
    outputs: [createValueInfo('y', DataType.FLOAT, [elements])],
    initializers: names.map((_, i) => placeholder(i)),
  });
  const model = createModel({ graph, opsets: { '': 17 }, irVersion: 8 });
  return (await writeModelFile(model, source, { externalData: 'always', mapTensor: fill })).dataByteLength;
}

async function rewrite(): Promise<number> {
  const { model, externalData } = await readModelFile(source);
  const edited = mapInitializers(model, (tensor) => {
    if (tensor.name !== 'w3') return tensor;
    const values = tensorToFloat32(tensor, externalData.read);
    return tensorFromArray('w3', DataType.INT8, [elements], Int8Array.from(values));
  });
  return (await writeModelFile(edited, target, { source: externalData })).dataByteLength;
}

async function check(): Promise<number> {
  const { model, externalData } = await readModelFile(target);
  return [2, 3, 9].filter((index) => {
    const tensor = model.graph?.initializer[index];
    if (tensor === undefined) return false;
    const values = tensorToFloat32(tensor, externalData.read);
    return values.every((value, i) => value === ((i * 31 + index) % 255) - 127);
  }).length;
}

const steps: Readonly<Record<string, () => Promise<number>>> = { generate, rewrite, check };
const step = steps[argv[2] ?? ''];
const startBytes = memoryUsage().rss;
const result = await step?.();
const peakBytes = resourceUsage().maxRSS * 1024;
stdout.write(`${JSON.stringify({ result, startBytes, peakBytes, tensorBytes: elements * 4 })}\n`);
