import { createGraph, createModel, createNode, createValueInfo, eliminateDeadCode, type Node } from '@bitwright/onnx';
import { irVersionFor } from '../ir-version';
import { elementTypeOfValue, type GraphWriter } from './graph-writer';
import type { LayersModelResult } from './layers-model-to-onnx';
import { physicalShape, type Shape, type Value } from './value';

/** An input of the model. */
export interface GraphInput {
  readonly value: Value;
  /** Shape of the ONNX input, in its own order of axes. */
  readonly shape: Shape;
}

/** What was written. */
export interface WrittenGraph {
  readonly writer: GraphWriter;
  readonly images: 'channelsLast' | 'channelsFirst';
  /** Values the layers gave, by call. */
  readonly outputs: ReadonlyMap<string, Value>;
}

/** Names in the finished model. */
export interface ModelNames {
  readonly name: string;
  /** Wanted name of each output. */
  readonly outputs: readonly string[];
  /** Name of the open batch axis. */
  readonly batchName: string;
}

/**
 * The model around what was written: outputs as TensorFlow.js has them (images channels first where asked), tensors named after the
 * layers that made them.
 */
export function finishModel(
  { writer, images, outputs }: WrittenGraph,
  named: ModelNames,
  inputs: readonly GraphInput[],
  results: readonly Value[],
): LayersModelResult {
  writer.setScope('output');
  const delivered = results.map((value) => {
    const rank = value.shape.length;
    const keepsImage = images === 'channelsFirst' && rank >= 4 && value.layout[1] === rank - 1;
    return keepsImage ? value : writer.plain(value);
  });
  const renamed = outputNames(writer, named.outputs, inputs, delivered, outputs);
  const rename = (name: string): string => renamed.tensors.get(name) ?? name;
  const nodes = [...writer.nodes, ...renamed.copies].map((node) => {
    node.input = node.input.map(rename);
    node.output = node.output.map(rename);
    return node;
  });
  const dims = (shape: Shape): (number | string | undefined)[] =>
    shape.map((size, i) => size ?? (i === 0 ? named.batchName : undefined));
  const model = createModel({
    irVersion: irVersionFor(writer.opset),
    opsets: { '': writer.opset },
    producerName: 'bitwright',
    graph: createGraph({
      name: named.name,
      nodes,
      initializers: writer.initializers,
      inputs: inputs.map(({ value, shape }) =>
        createValueInfo(value.name, elementTypeOfValue(value.type), dims(shape)),
      ),
      outputs: delivered.map((value, i) =>
        createValueInfo(renamed.outputs[i] ?? '', elementTypeOfValue(value.type), dims(physicalShape(value))),
      ),
    }),
  });
  return {
    model: eliminateDeadCode.run(model).model,
    outputs: new Map([...outputs].map(([call, value]) => [call, rename(value.name)])),
    weights: writer.constants,
  };
}

interface OutputNames {
  /** New names by old names. */
  readonly tensors: ReadonlyMap<string, string>;
  /** Name of each output. */
  readonly outputs: readonly string[];
  /** Identity nodes where an input or one tensor twice is an output. */
  readonly copies: readonly Node[];
}

/** Gives tensors the names of the layers that made them, outputs first. */
function outputNames(
  writer: GraphWriter,
  wantedNames: readonly string[],
  inputs: readonly GraphInput[],
  delivered: readonly Value[],
  calls: ReadonlyMap<string, Value>,
): OutputNames {
  const tensors = new Map(inputs.map(({ value }): [string, string] => [value.name, value.name]));
  const copies: Node[] = [];
  const outputs = delivered.map((value, i) => {
    const wanted = writer.uniqueName(wantedNames[i] ?? 'output');
    if (!tensors.has(value.name)) {
      tensors.set(value.name, wanted);
      return wanted;
    }
    copies.push(
      createNode({
        opType: 'Identity',
        name: writer.uniqueName(`${wanted}/Identity`),
        inputs: [value.name],
        outputs: [wanted],
      }),
    );
    return wanted;
  });
  for (const [call, value] of calls) {
    if (!tensors.has(value.name)) tensors.set(value.name, writer.uniqueName(call.replace(':', '_')));
  }
  return { tensors, outputs, copies };
}
