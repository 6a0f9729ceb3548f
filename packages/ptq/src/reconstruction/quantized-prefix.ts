import type { QuantizationSpec, Target } from '@bitwright/core';
import { DataType, type Model, tensorFromArray } from '@bitwright/onnx';
import { fakeQuantizedModel } from '../rounding/fake-quantized';
import { createPrefixRunner, type PrefixOptions, type PrefixRunner } from '../rounding/prefix-runner';

/** The quantized layers before a block, whose quantizers can still be moved. */
export interface QuantizedPrefix extends PrefixRunner {
  /** Takes over the parameters that a spec has for a tensor; nodes that ran already are not run again. */
  setQuantizer(tensor: string, spec: QuantizationSpec): void;
}

/** @param model with rounded weights */
export function createQuantizedPrefix(
  model: Model,
  spec: QuantizationSpec,
  target: Target,
  options: Omit<PrefixOptions, 'optimization'>,
): QuantizedPrefix {
  const runner = createPrefixRunner(fakeQuantizedModel(model, spec, target), { ...options, optimization: 'disabled' });
  const parameters = new Map<string, readonly [scale: string, zeroPoint: string]>();
  for (const node of runner.index.nodes) {
    const [source = '', scale = '', zeroPoint = ''] = node.input;
    if (node.opType === 'QuantizeLinear') parameters.set(source, [scale, zeroPoint]);
  }
  return {
    ...runner,
    setQuantizer(name, { tensors }) {
      const tensor = tensors[name];
      const names = parameters.get(name);
      if (tensor === undefined || names === undefined) return;
      const { scale, zeroPoint } = tensor.qparams;
      const codes = tensor.scheme.dtype.signed ? Int8Array.from(zeroPoint) : Uint8Array.from(zeroPoint);
      const type = tensor.scheme.dtype.signed ? DataType.INT8 : DataType.UINT8;
      runner.setInitializer(tensorFromArray(names[0], DataType.FLOAT, [], scale));
      runner.setInitializer(tensorFromArray(names[1], type, [], codes));
    },
  };
}
