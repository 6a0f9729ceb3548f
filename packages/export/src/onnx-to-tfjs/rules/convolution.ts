import { getInt, getInts, getString } from '@bitwright/onnx';
import { permuteArray } from '../../permute-array';
import { customClasses } from '../custom-layers';
import { channelsLastLayout, type KerasValue } from '../keras-value';
import { deferredWeight, type WrittenWeight } from '../layer-writer';
import { arranged, dataInput, type NodeCall, type NodeConverter, sizeOf, unsupported, weightInput } from '../node-call';
import { padded, samePads, type WindowPads, windowPads } from './padding';

const noInitializer = { class_name: 'Zeros', config: {} };

/** Conv of 1 to 3 spatial axes: kernel [out, in/groups, k…] becomes [k…, in/groups, out]; one group per channel is a depthwise layer. */
export const convConverter: NodeConverter = {
  opTypes: ['Conv'],
  convert(call) {
    const { node } = call;
    const kernel = weightInput(call, 1, 'kernel');
    const rank = kernel.shape.length - 2;
    if (rank < 1 || rank > 3) throw unsupported(call, '1 to 3 spatial axes', `${rank}`);
    const input = arranged(call, dataInput(call, 0), channelsLastLayout(rank + 2));
    const groups = getInt(node, 'group', 1);
    const [filters = 1, perGroup = 1, ...size] = kernel.shape;
    const channels = sizeOf(call, input.shape[1], 'number of channels');
    const window = windowOf(call, size);
    const pads = windowPads(call, window, input.shape.slice(2));
    const isSame = samePads(window, input.shape.slice(2), pads);
    const x = isSame ? input : padded(call, input, pads, 0);
    const bias = (node.input[2] ?? '') === '' ? undefined : weightInput(call, 2, 'bias');
    const shared = {
      kernel_size: size,
      strides: window.strides,
      dilation_rate: window.dilations,
      padding: isSame && pads.some(([a, b]) => a + b > 0) ? 'same' : 'valid',
      use_bias: bias !== undefined,
      bias_initializer: noInitializer,
    };
    const layer = writeConvolution(call, x, { filters, channels, perGroup, groups, rank }, kernel, bias, shared);
    return { layer, shape: call.shapeOf(node.output[0] ?? ''), layout: input.layout };
  },
};

interface Counts {
  readonly filters: number;
  readonly channels: number;
  readonly perGroup: number;
  readonly groups: number;
  readonly rank: number;
}

function writeConvolution(
  call: NodeCall,
  x: KerasValue,
  { filters, channels, perGroup, groups, rank }: Counts,
  kernel: { shape: number[]; data: Float32Array },
  bias: { shape: number[]; data: Float32Array } | undefined,
  config: Readonly<Record<string, unknown>>,
): string {
  const spatial = Array.from({ length: rank }, (_, i) => i + 2);
  const biasWeight: Record<string, WrittenWeight> =
    bias === undefined ? {} : { bias: { shape: [filters], data: bias.data } };
  const isDepthwise = rank === 2 && groups > 1 && groups === channels && perGroup === 1;
  if (isDepthwise) {
    // [C·M, 1, kh, kw] is [C, M, 1, kh, kw]; the layer wants [kh, kw, C, M].
    const multiplier = filters / channels;
    const [kh = 1, kw = 1] = kernel.shape.slice(2);
    const values = () => permuteArray(kernel.data, [channels, multiplier, kh, kw], [2, 3, 0, 1]);
    return call.writer.add('DepthwiseConv2D', [x.layer], {
      config: { ...config, depth_multiplier: multiplier, depthwise_initializer: noInitializer },
      weights: { depthwise_kernel: deferredWeight([kh, kw, channels, multiplier], values), ...biasWeight },
    });
  }
  const order = [...spatial, 1, 0];
  const weights = {
    kernel: deferredWeight(
      order.map((axis) => kernel.shape[axis] ?? 1),
      () => permuteArray(kernel.data, kernel.shape, order),
    ),
    ...biasWeight,
  };
  if (groups === 1) {
    return call.writer.add(`Conv${rank}D`, [x.layer], {
      config: { ...config, filters, kernel_initializer: noInitializer },
      weights,
    });
  }
  if (rank !== 2) throw unsupported(call, 'groups only with two spatial axes', `${groups} groups with ${rank}`);
  return call.writer.add(customClasses.groupedConvolution, [x.layer], {
    config: { ...config, filters, groups },
    weights,
  });
}

/** ConvTranspose with one group: kernel [in, out, k…] becomes [k…, out, in]; the full result is cropped by the pads. */
export const convTransposeConverter: NodeConverter = {
  opTypes: ['ConvTranspose'],
  convert(call) {
    const { node } = call;
    const kernel = weightInput(call, 1, 'kernel');
    const rank = kernel.shape.length - 2;
    const window = windowOf(call, kernel.shape.slice(2));
    if (rank !== 2) throw unsupported(call, 'two spatial axes', `${rank}`);
    if (getInt(node, 'group', 1) !== 1) throw unsupported(call, 'one group', `${getInt(node, 'group', 1)}`);
    if (window.dilations.some((d) => d !== 1)) throw unsupported(call, 'dilations 1', `[${window.dilations}]`);
    if (getString(node, 'auto_pad', 'NOTSET') !== 'NOTSET') throw unsupported(call, 'explicit pads', 'auto_pad');
    const input = arranged(call, dataInput(call, 0), channelsLastLayout(4));
    const pads = getInts(node, 'pads', [0, 0, 0, 0]);
    const extra = getInts(node, 'output_padding', [0, 0]);
    const filters = kernel.shape[1] ?? 1;
    const bias = (node.input[2] ?? '') === '' ? undefined : weightInput(call, 2, 'bias');
    const layer = call.writer.add('Conv2DTranspose', [input.layer], {
      config: {
        filters,
        kernel_size: window.kernel,
        strides: window.strides,
        padding: 'valid',
        use_bias: bias !== undefined,
        kernel_initializer: noInitializer,
      },
      weights: {
        kernel: deferredWeight(
          [2, 3, 1, 0].map((axis) => kernel.shape[axis] ?? 1),
          () => permuteArray(kernel.data, kernel.shape, [2, 3, 1, 0]),
        ),
        ...(bias === undefined ? {} : { bias: { shape: [filters], data: bias.data } }),
      },
    });
    // The layer writes n·s + max(k − s, 0) elements, ONNX (n − 1)·s + k − pads + output_padding of them.
    const cropping = window.kernel.map((k, i): [number, number] => {
      const missing = Math.max((window.strides[i] ?? 1) - k, 0);
      return [pads[i] ?? 0, (pads[i + 2] ?? 0) - (extra[i] ?? 0) + missing];
    });
    if (cropping.flat().some((n) => n < 0)) throw unsupported(call, 'output_padding up to the pads', `[${extra}]`);
    const isWhole = cropping.flat().every((n) => n === 0);
    return {
      layer: isWhole ? layer : call.writer.add('Cropping2D', [layer], { config: { cropping } }),
      shape: call.shapeOf(node.output[0] ?? ''),
      layout: input.layout,
    };
  },
};

function windowOf(call: NodeCall, kernel: readonly number[]): WindowPads {
  const { node } = call;
  const ones = kernel.map(() => 1);
  return { kernel: [...kernel], strides: getInts(node, 'strides', ones), dilations: getInts(node, 'dilations', ones) };
}
