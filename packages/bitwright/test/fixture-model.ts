import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  encodeModel,
  intsAttribute,
  type Model,
  tensorFromArray,
} from '@bitwright/onnx';

/** Values that look random and never change. */
function values(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin((i + 1) * (seed + 0.7)) * 0.5);
}

/** A classifier of 8×8 colour images: Conv, Relu, depthwise Conv, residual Add, GlobalAveragePool, Flatten, Gemm; 5 classes. */
export function tinyClassifier(): Model {
  const pads = intsAttribute('pads', [1, 1, 1, 1]);
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    producerName: 'bitwright tests',
    graph: createGraph({
      name: 'tiny',
      inputs: [createValueInfo('image', DataType.FLOAT, ['N', 3, 8, 8])],
      outputs: [createValueInfo('logits', DataType.FLOAT, ['N', 5])],
      initializers: [
        tensorFromArray('w1', DataType.FLOAT, [8, 3, 3, 3], values(216, 1)),
        tensorFromArray('b1', DataType.FLOAT, [8], values(8, 2)),
        tensorFromArray('w2', DataType.FLOAT, [8, 8, 3, 3], values(576, 3)),
        tensorFromArray('w3', DataType.FLOAT, [8, 5], values(40, 4)),
        tensorFromArray('b3', DataType.FLOAT, [5], values(5, 5)),
      ],
      nodes: [
        createNode({
          opType: 'Conv',
          name: 'conv1',
          inputs: ['image', 'w1', 'b1'],
          outputs: ['c1'],
          attributes: [pads],
        }),
        createNode({ opType: 'Relu', name: 'relu1', inputs: ['c1'], outputs: ['r1'] }),
        createNode({ opType: 'Conv', name: 'conv2', inputs: ['r1', 'w2'], outputs: ['c2'], attributes: [pads] }),
        createNode({ opType: 'Add', name: 'add', inputs: ['c2', 'r1'], outputs: ['a'] }),
        createNode({ opType: 'GlobalAveragePool', name: 'pool', inputs: ['a'], outputs: ['p'] }),
        createNode({ opType: 'Flatten', name: 'flatten', inputs: ['p'], outputs: ['f'] }),
        createNode({ opType: 'Gemm', name: 'head', inputs: ['f', 'w3', 'b3'], outputs: ['logits'] }),
      ],
    }),
  });
}

/** One operator of a domain nobody knows. */
export function customOperatorModel(): Model {
  return createModel({
    irVersion: 8,
    opsets: { '': 17, 'com.acme': 1 },
    graph: createGraph({
      name: 'custom',
      inputs: [createValueInfo('image', DataType.FLOAT, ['N', 3, 8, 8])],
      outputs: [createValueInfo('y', DataType.FLOAT, ['N', 3, 8, 8])],
      nodes: [
        createNode({ opType: 'Sharpen', domain: 'com.acme', name: 'sharpen1', inputs: ['image'], outputs: ['y'] }),
      ],
    }),
  });
}

/** A model that somebody quantized already. */
export function quantizedModel(): Model {
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'quantized',
      inputs: [createValueInfo('image', DataType.FLOAT, ['N', 3, 8, 8])],
      outputs: [createValueInfo('y', DataType.FLOAT, ['N', 3, 8, 8])],
      initializers: [
        tensorFromArray('s', DataType.FLOAT, [], Float32Array.of(0.5)),
        tensorFromArray('z', DataType.UINT8, [], Uint8Array.of(128)),
      ],
      nodes: [
        createNode({ opType: 'QuantizeLinear', name: 'q', inputs: ['image', 's', 'z'], outputs: ['u'] }),
        createNode({ opType: 'DequantizeLinear', name: 'dq', inputs: ['u', 's', 'z'], outputs: ['y'] }),
      ],
    }),
  });
}

export const tinyClassifierBytes: Uint8Array = encodeModel(tinyClassifier());
