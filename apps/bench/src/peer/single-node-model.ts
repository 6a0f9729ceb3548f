import {
  type Attribute,
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  type Model,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';
import type { PeerTensor } from './onnxruntime';

/** A model of one node: what the peer runs for one of our calls. */
export interface SingleNode {
  readonly opType: string;
  readonly domain?: string;
  readonly attributes?: readonly Attribute[];
  /** In the order of the operator; `''` skips one. A name found in neither `inputs` nor `constants` is an error of the runtime. */
  readonly order: readonly string[];
  /** Fed at run time. */
  readonly inputs: Readonly<Record<string, PeerTensor>>;
  /** Weights and parameters. */
  readonly constants: Readonly<Record<string, PeerTensor>>;
  readonly outputs: Readonly<Record<string, PeerTensor>>;
}

const elementTypes = {
  float32: DataType.FLOAT,
  uint8: DataType.UINT8,
  int8: DataType.INT8,
  int32: DataType.INT32,
} as const;

/** The model; opset 21 and the operators of com.microsoft. */
export function singleNodeModel(node: SingleNode): Model {
  const info = (tensors: Readonly<Record<string, PeerTensor>>) =>
    Object.entries(tensors).map(([name, { type, dims }]) => createValueInfo(name, elementTypes[type], dims));
  const graph = createGraph({
    name: node.opType,
    nodes: [
      createNode({
        opType: node.opType,
        domain: node.domain ?? '',
        inputs: node.order,
        outputs: Object.keys(node.outputs),
        attributes: node.attributes ?? [],
      }),
    ],
    inputs: info(node.inputs),
    outputs: info(node.outputs),
    initializers: Object.entries(node.constants).map(([name, tensor]) => initializer(name, tensor)),
  });
  return createModel({ graph, opsets: { '': 21, 'com.microsoft': 1 }, irVersion: 10 });
}

// — internals —

function initializer(name: string, { type, data, dims }: PeerTensor): Tensor {
  return tensorFromArray(name, elementTypes[type], dims, data);
}
