import {
  intDType,
  linearScheme,
  type QuantizationSpec,
} from '@bitwright/core';
import {
  createGraph,
  createModel,
  createValueInfo,
  DataType,
  encodeModel,
  type GraphIndex,
  graphIndex,
  type Node,
  tensorFromArray,
} from '@bitwright/onnx';
import { values } from './residual-network';

/** A model of one node x, w → y and a spec that quantizes its weight. */
export function singleLayer(
  node: Node,
  weightDims: readonly number[],
  inputDims: readonly number[],
): { readonly model: Uint8Array; readonly spec: QuantizationSpec; readonly index: GraphIndex } {
  const count = weightDims.reduce((a, b) => a * b, 1);
  const graph = createGraph({
    name: 'single',
    nodes: [node],
    inputs: [createValueInfo('x', DataType.FLOAT, inputDims)],
    outputs: [createValueInfo('y', DataType.FLOAT)],
    initializers: [tensorFromArray('w', DataType.FLOAT, weightDims, values(count, 1))],
  });
  const scheme = linearScheme({ dtype: intDType(8, true), mapping: 'symmetric' });
  return {
    model: encodeModel(createModel({ irVersion: 8, opsets: { '': 13 }, graph })),
    index: graphIndex(graph),
    spec: {
      version: 1,
      target: 'ort-x64',
      nodes: {},
      tensors: {
        w: {
          role: 'weight',
          scheme,
          qparams: { scale: Float32Array.of(0.01), zeroPoint: new Int32Array(1) },
          origin: { source: 'user' },
        },
      },
      provenance: { tool: { name: 'test', version: '0' } },
    },
  };
}
