import {
  createGraph,
  createMessage,
  createModel,
  createNode,
  createTensorType,
  createValueInfo,
  DataType,
  floatsAttribute,
  graphAttribute,
  intAttribute,
  intsAttribute,
  type Model,
  StringEntrySchema,
  stringAttribute,
  type Tensor,
  tensorAttribute,
  tensorFromArray,
  tensorFromStrings,
  ValueInfoSchema,
} from '@bitwright/onnx';

/** Float weights 0, 1, 2, … of a shape. */
export function rampTensor(name: string, dims: readonly number[]): Tensor {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return tensorFromArray(
    name,
    DataType.FLOAT,
    dims,
    Float32Array.from({ length: count }, (_, i) => i),
  );
}

/** A small model that uses most of the format: attributes of many kinds, a subgraph, sequences, strings, metadata. */
export function sampleModel(): Model {
  const branch = createGraph({
    name: 'then',
    nodes: [createNode({ opType: 'Identity', inputs: ['inner'], outputs: ['z'] })],
    inputs: [],
    outputs: [createValueInfo('z', DataType.FLOAT, [64])],
    initializers: [rampTensor('inner', [64])],
  });
  const graph = createGraph({
    name: 'sample',
    nodes: [
      createNode({
        opType: 'Conv',
        name: 'conv',
        inputs: ['x', 'w', ''],
        outputs: ['c'],
        attributes: [
          intsAttribute('pads', [1, 1, 1, 1]),
          intAttribute('group', 0),
          stringAttribute('auto_pad', 'NOTSET'),
        ],
      }),
      createNode({
        opType: 'If',
        inputs: ['flag'],
        outputs: ['y'],
        domain: '',
        attributes: [graphAttribute('then_branch', branch), floatsAttribute('alpha', [0.5, -1])],
      }),
      createNode({
        opType: 'Constant',
        inputs: [],
        outputs: ['k'],
        attributes: [tensorAttribute('value', tensorFromArray('', DataType.INT64, [2], new BigInt64Array([-1n, 3n])))],
      }),
    ],
    inputs: [createValueInfo('x', DataType.FLOAT, ['N', 3, undefined, 8]), createValueInfo('flag', DataType.BOOL, [])],
    outputs: [
      createValueInfo('y', DataType.FLOAT),
      createMessage(ValueInfoSchema, {
        name: 'seq',
        type: { value: { case: 'sequenceType', value: { elemType: createTensorType(DataType.INT8, [0]) } } },
      }),
    ],
    initializers: [
      rampTensor('w', [4, 3, 3, 3]),
      tensorFromStrings('labels', [2], ['cat', 'dög']),
      tensorFromArray('nibbles', DataType.INT4, [3], new Int8Array([-8, 0, 7])),
      rampTensor('big', [2048]),
    ],
    valueInfo: [createValueInfo('c', DataType.FLOAT, ['N', 4, 8, 8])],
  });
  const model = createModel({ graph, opsets: { '': 17, 'com.microsoft': 1 }, irVersion: 8, producerName: 'test' });
  model.metadataProps.push(createMessage(StringEntrySchema, { key: 'k', value: 'v' }));
  return model;
}
