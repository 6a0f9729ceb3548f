import {
  integerConv2d,
  integerConv2dShape,
  perAxis,
  quantize,
  requantizationMultiplier,
  requantize,
  type TensorQuantization,
} from '@bitwright/core';
import { tensorToFloat32 } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { tfliteExporter } from '../../src/tflite/tflite-exporter';
import { inputOf, operatorCases } from './cases';
import { pythonWithTensorFlow, runTflite } from './tensorflow';
import { wholeSpec } from './whole-spec';

const python = pythonWithTensorFlow();

/** NCHW to NHWC. */
function channelsLast<T extends Int8Array | Float32Array>(data: T, [n, c, h, w]: readonly number[]): T {
  const out = data.slice() as T;
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [i % w!, Math.floor(i / w!) % h!];
    const channel = Math.floor(i / (w! * h!)) % c!;
    const image = Math.floor(i / (w! * h! * c!));
    out[((image * h! + y) * w! + x) * c! + channel] = data[i]!;
  }
  expect(n! * c! * h! * w!).toBe(data.length);
  return out;
}

describe.skipIf(python === undefined)(
  'our integer arithmetic beside TFLite’s (skipped without a Python that has TensorFlow)',
  () => {
    it.each(['conv 3×3, SAME', 'conv 1×1', 'depthwise conv'])(
      'gives the codes of %s within one',
      async (name) => {
        const each = operatorCases.find((candidate) => candidate.name === name)!;
        const input = inputOf(each);
        const spec = await wholeSpec(each.model, input, each.dims);
        const [file] = tfliteExporter.write(spec, each.model);
        const [n, c, h, w] = each.dims as [number, number, number, number];
        const job = {
          bytes: file!.bytes,
          samples: n,
          inputs: { x: { data: channelsLast(input, each.dims), shape: [n, h, w, c] } },
        };
        const outputs = runTflite(python!, [
          { ...job, resolver: 'builtin' },
          { ...job, resolver: 'reference' },
        ]);

        const [x, y, weights, bias] = ['x', 'y', 'w', 'b'].map((key) => spec.tensors[key]!) as [
          TensorQuantization,
          TensorQuantization,
          TensorQuantization,
          TensorQuantization,
        ];
        const constant = (key: string) => each.model.graph!.initializer.find((tensor) => tensor.name === key)!;
        const dims = constant('w').dims.map(Number);
        const codesOf = (key: string, t: TensorQuantization) => {
          const shape = constant(key).dims.map(Number);
          return quantize({ data: tensorToFloat32(constant(key)), shape }, t.scheme, t.qparams);
        };
        const call = {
          layout: 'NHWC' as const,
          input: quantize({ data: channelsLast(input, each.dims), shape: [n, h, w, c] }, x.scheme, x.qparams),
          inputShape: [n, h, w, c],
          inputZeroPoint: x.qparams.zeroPoint[0]!,
          weight: channelsLast(codesOf('w', weights) as Int8Array, dims),
          weightShape: [dims[0]!, dims[2]!, dims[3]!, dims[1]!],
          weightZeroPoint: 0,
          bias: codesOf('b', bias) as Int32Array,
          pads: (dims[2] === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0]) as [number, number, number, number],
          groups: c / dims[1]!,
        };
        const acc = integerConv2d(call);
        const shape = integerConv2dShape(call);
        const { scale, zeroPoint } = y.qparams;
        const own = requantize(
          {
            acc,
            shape,
            granularity: perAxis(3),
            multiplier: requantizationMultiplier(x.qparams.scale[0]!, weights.qparams.scale, scale[0]!),
            zeroPoint: zeroPoint[0]!,
            qmin: -128,
            qmax: 127,
            method: 'fixedPointTwice',
          },
          new Int8Array(acc.length),
        );
        for (const output of outputs) {
          const codes = Int8Array.from(output['y']!.data, (v) => Math.round(v / scale[0]!) + zeroPoint[0]!);
          const largest = codes.reduce((most, code, i) => Math.max(most, Math.abs(code - own[i]!)), 0);
          expect(largest).toBeLessThanOrEqual(1);
          const different = codes.reduce((count, code, i) => count + (code === own[i] ? 0 : 1), 0);
          expect(different / codes.length).toBeLessThan(0.02);
        }
      },
      120_000,
    );
  },
);
