import { biasScheme, perAxis, perTensor, type TensorQuantization } from '@bitwright/core';
import { graphIndex, type Model } from '@bitwright/onnx';
import { requireGraph } from '../onnx-qdq/require-graph';

const withBias = new Set(['Conv', 'Gemm']);

/**
 * Adds int32 biases, scale = fround(scale(x) · scale(w)), of the convolutions and matrix products whose input and weight are quantized.
 * A bias that two nodes read at different scales stays float.
 */
export function addBiases(model: Model, tensors: Record<string, TensorQuantization>): void {
  const index = graphIndex(requireGraph(model, '[export] addBiases'));
  for (const node of index.nodes) {
    const [x = '', w = '', b = ''] = node.input;
    const [input, weight] = [tensors[x], tensors[w]];
    if (!withBias.has(node.opType) || input === undefined || weight === undefined || index.initializer(b) === undefined)
      continue;
    if (index.consumers(b).length > 1) continue;
    const [scaleX = 1] = input.qparams.scale;
    const scale = weight.qparams.scale.map((s) => Math.fround(scaleX * s));
    tensors[b] = {
      role: 'bias',
      scheme: biasScheme(scale.length === 1 ? perTensor : perAxis(0)),
      qparams: { scale, zeroPoint: new Int32Array(scale.length) },
      origin: { source: 'derived', from: [x, w] },
    };
  }
}
