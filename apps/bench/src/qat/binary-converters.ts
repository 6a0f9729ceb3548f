import type { LayerCall, LayerConverter, LayerValue } from '@bitwright/export';

/**
 * ONNX forms of the layers that stay in a converted network with one-bit activations: HardTanh of this bench, and the plugin's
 * RPReLU and sign quantizers (B(x − α): +1 where x ≥ α, else −1; α = 0 without a learned threshold).
 */
export const binaryConverters: readonly LayerConverter[] = [
  { classNames: ['BenchHardTanh'], convert: (call) => then(call, (x) => clip(call, x)) },
  { classNames: ['BitwrightRPReLU'], convert: (call) => then(call, (x) => rPReLU(call, x)) },
  { classNames: ['BitwrightQuantizeActivation'], convert: (call) => then(call, (x) => sign(call, x)) },
];

// — internals —

function then(call: LayerCall, write: (x: LayerValue) => string): LayerValue[] {
  const [x] = call.inputs;
  if (x === undefined) throw new Error(`${call.name}: no input`);
  return [{ ...x, name: write(x) }];
}

function clip({ writer }: LayerCall, x: LayerValue): string {
  return writer.one('Clip', [x.name, writer.scalar(-1), writer.scalar(1)]);
}

function rPReLU(call: LayerCall, x: LayerValue): string {
  const { writer } = call;
  const moved = writer.one('Sub', [x.name, perChannel(call, x, 'shift')]);
  return writer.one('Add', [writer.one('PRelu', [moved, perChannel(call, x, 'slope')]), perChannel(call, x, 'offset')]);
}

function sign(call: LayerCall, x: LayerValue): string {
  const { writer } = call;
  if (call.findWeight('upper') !== undefined) {
    throw new Error(`${call.name}: a one-bit quantizer with levels ±u; only signs, levels ±1, are written`);
  }
  const hasThreshold = call.findWeight('threshold') !== undefined;
  const moved = hasThreshold ? writer.one('Sub', [x.name, perChannel(call, x, 'threshold')]) : x.name;
  const isPositive = writer.one('GreaterOrEqual', [moved, writer.scalar(0)]);
  return writer.one('Where', [isPositive, writer.scalar(1), writer.scalar(-1)]);
}

/** A weight with one number per channel, shaped to broadcast against x in ONNX' order of axes. */
function perChannel(call: LayerCall, x: LayerValue, name: string): string {
  const weight = call.findWeight(name);
  if (weight === undefined) throw new Error(`${call.name}: no weight ${name}`);
  const channel = x.shape.length - 1;
  const dims = x.layout.map((axis) => (axis === channel ? weight.data.length : 1));
  return call.writer.constant(weight.name, dims, () => weight.data, dims.join());
}
