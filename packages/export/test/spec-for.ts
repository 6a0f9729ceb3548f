import {
  biasScheme,
  chooseQParams,
  makeRange,
  perAxis,
  perTensor,
  type QuantizationSpec,
  type TensorQuantization,
} from '@bitwright/core';
import { graphIndex, type Model, tensorToFloat32 } from '@bitwright/onnx';
import type { Placement } from '../src/onnx-qdq/placement';

/** A spec with the given activation ranges (default −4…4, Relu-like tensors 0…4) and min–max weights. */
export function specFor(
  model: Model,
  placement: Placement,
  ranges: Readonly<Record<string, readonly [number, number]>> = {},
): QuantizationSpec {
  const index = graphIndex(model.graph!);
  const tensors: Record<string, TensorQuantization> = {};
  for (const a of placement.activations.values()) {
    const producer = index.producer(a.leader)?.opType;
    const [min, max] = ranges[a.leader] ?? (producer === 'Relu' || producer === 'Clip' ? [0, 4] : [-4, 4]);
    const qparams = chooseQParams(makeRange(min, max), a.scheme);
    tensors[a.tensor] = {
      role: 'activation',
      scheme: a.scheme,
      qparams,
      origin: a.leader === a.tensor ? { source: 'user' } : { source: 'derived', from: [a.leader] },
    };
  }
  for (const w of placement.weights.values()) {
    const tensor = index.initializer(w.tensor)!;
    const data = tensorToFloat32(tensor);
    const { granularity } = w.scheme;
    const channels = granularity.kind === 'perAxis' ? Number(tensor.dims[granularity.axis]) : 1;
    const absmax = Math.max(...data.map(Math.abs));
    const qparams = chooseQParams(
      makeRange(new Array(channels).fill(-absmax), new Array(channels).fill(absmax)),
      w.scheme,
    );
    tensors[w.tensor] = { role: 'weight', scheme: w.scheme, qparams, origin: { source: 'user' } };
  }
  for (const b of placement.biases.values()) {
    const sx = tensors[b.activation]!.qparams.scale[0]!;
    const scale = tensors[b.weight]!.qparams.scale.map((s) => Math.fround(sx * s));
    tensors[b.tensor] = {
      role: 'bias',
      scheme: biasScheme(scale.length === 1 ? perTensor : perAxis(b.axis)),
      qparams: { scale, zeroPoint: new Int32Array(scale.length) },
      origin: { source: 'derived', from: [b.activation, b.weight] },
    };
  }
  return {
    version: 1,
    target: placement.target.id,
    tensors,
    nodes: Object.fromEntries(placement.nodes),
    provenance: { tool: { name: 'test', version: '0' } },
  };
}
