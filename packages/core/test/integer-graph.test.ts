import { describe, expect, it } from 'vitest';
import {
  activationCodes,
  chooseQParams,
  dataRange,
  dequantize,
  fakeQuantize,
  int8PerChannelWeight,
  integerAdd,
  integerConv2d,
  makeRange,
  perAxis,
  quantize,
  requantizationMultiplier,
  requantize,
  roundHalfEven,
  seededRandom,
  uint8Activation,
  view,
} from '../src/index';

/** Share of codes that may differ by one between the integer graph and the simulation: ties after different roundings. */
const tieShare = 0.005;

describe('an integer residual block', () => {
  it('agrees with its fake-quantized simulation within one code', () => {
    const random = seededRandom(41);
    const normal = () => random.next() + random.next() + random.next() - 1.5;
    const [c, h, w] = [8, 10, 10];
    const x = view(
      Float32Array.from({ length: c * h * w }, () => Math.max(0, normal())),
      [1, c, h, w],
    );
    const weight = view(
      Float32Array.from({ length: c * c * 9 }, () => normal() / 6),
      [c, c, 3, 3],
    );
    const bias = Float32Array.from({ length: c }, normal);

    const xParams = chooseQParams(dataRange(x, uint8Activation.granularity), uint8Activation);
    const wParams = chooseQParams(dataRange(weight, perAxis(0)), int8PerChannelWeight);
    const yParams = chooseQParams(makeRange(0, 6), uint8Activation);
    const sumParams = chooseQParams(makeRange(0, 7.3), uint8Activation);
    const [sx, sy, ss] = [xParams.scale[0]!, yParams.scale[0]!, sumParams.scale[0]!];

    // Integer: conv, relu folded into saturation, residual add.
    const xCodes = quantize(x, uint8Activation, xParams);
    const biasCodes = Int32Array.from(bias, (b, o) => roundHalfEven(b / (sx * wParams.scale[o]!)));
    const acc = integerConv2d({
      layout: 'NCHW',
      input: xCodes,
      inputShape: x.shape,
      inputZeroPoint: xParams.zeroPoint[0]!,
      weight: quantize(weight, int8PerChannelWeight, wParams),
      weightShape: weight.shape,
      weightZeroPoint: 0,
      bias: biasCodes,
      pads: [1, 1, 1, 1],
    });
    const relu = activationCodes({ scale: sy, zeroPoint: yParams.zeroPoint[0]!, qmin: 0, qmax: 255 }, 'relu');
    const multiplier = requantizationMultiplier(sx, wParams.scale, sy);
    const yCodes = requantize(
      { acc, shape: x.shape, granularity: perAxis(1), multiplier, ...relu },
      new Uint8Array(acc.length),
    );
    const out = integerAdd(
      { codes: xCodes, scale: sx, zeroPoint: xParams.zeroPoint[0]! },
      { codes: yCodes, scale: sy, zeroPoint: relu.zeroPoint },
      { scale: ss, zeroPoint: sumParams.zeroPoint[0]!, qmin: 0, qmax: 255 },
      new Uint8Array(acc.length),
    );

    // Simulation in real numbers (float64 sums) on fake-quantized operands.
    const fx = fakeQuantize(x, uint8Activation, xParams);
    const fw = fakeQuantize(weight, int8PerChannelWeight, wParams);
    const y = new Float32Array(fx.length);
    for (let o = 0; o < c; o++) {
      for (let row = 0; row < h; row++) {
        for (let column = 0; column < w; column++) {
          let sum = biasCodes[o]! * sx * wParams.scale[o]!;
          for (let i = 0; i < c; i++) {
            for (let a = 0; a < 9; a++) {
              const [r, s] = [row + Math.floor(a / 3) - 1, column + (a % 3) - 1];
              if (r >= 0 && r < h && s >= 0 && s < w) sum += fx[(i * h + r) * w + s]! * fw[(o * c + i) * 9 + a]!;
            }
          }
          y[(o * h + row) * w + column] = Math.max(0, sum);
        }
      }
    }
    const fy = fakeQuantize(view(y, x.shape), uint8Activation, yParams);
    const simulated = quantize(
      view(
        fx.map((v, i) => v + fy[i]!),
        x.shape,
      ),
      uint8Activation,
      sumParams,
    );

    const steps = Array.from(out, (q, i) => Math.abs(q - simulated[i]!));
    expect(Math.max(...steps)).toBeLessThanOrEqual(1);
    expect(steps.filter((s) => s > 0).length).toBeLessThanOrEqual(tieShare * steps.length);
    expect(dequantize(out, x.shape, uint8Activation, sumParams).some((v) => v > 1)).toBe(true);
  });
});
