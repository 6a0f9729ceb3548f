import { intAttribute, stringAttribute } from '@bitwright/onnx';
import { flagOf, inputOf, type LayerCall, type LayerConverter, sizesOf, textOf, unsupportedLayer } from '../layer-call';
import type { Value } from '../value';
import { reshaped, slidSizes, spatialSizes, type Window, windowAttributes, withChannelsFirst } from './window';

/** MaxPooling and AveragePooling of 1 to 3 axes; the average leaves padding out. */
export const poolingConverter: LayerConverter = {
  classNames: ['1D', '2D', '3D'].flatMap((rank) => [`MaxPooling${rank}`, `AveragePooling${rank}`]),
  convert(call) {
    const rank = Number(call.className.at(-2));
    const x = withChannelsFirst(call, inputOf(call));
    const kernel = sizesOf(call, 'pool_size', rank, 2);
    const hasStrides = (call.config['strides'] ?? null) !== null;
    const window: Window = {
      kernel,
      strides: hasStrides ? sizesOf(call, 'strides', rank) : kernel,
      dilations: kernel.map(() => 1),
    };
    const padding = textOf(call, 'padding', 'valid');
    const sizes = spatialSizes(x);
    const operator = call.className.startsWith('Max') ? 'MaxPool' : 'AveragePool';
    const name = call.writer.one(operator, [x.name], windowAttributes(call, sizes, window, padding));
    return [reshaped(x, name, x.shape[x.layout[1] ?? 1] ?? null, slidSizes(sizes, window, padding))];
  },
};

/** Global pools: [N, …, C] to [N, C]. */
export const globalPoolingConverter: LayerConverter = {
  classNames: ['1D', '2D', '3D'].flatMap((rank) => [`GlobalMaxPooling${rank}`, `GlobalAveragePooling${rank}`]),
  convert(call) {
    const { writer } = call;
    const x = withChannelsFirst(call, inputOf(call));
    const operator = call.className.startsWith('GlobalMax') ? 'GlobalMaxPool' : 'GlobalAveragePool';
    const pooled = writer.one(operator, [x.name]);
    const channels = x.shape[x.layout[1] ?? 1] ?? null;
    if (flagOf(call, 'keepdims', false))
      return [
        reshaped(
          x,
          pooled,
          channels,
          spatialSizes(x).map(() => 1),
        ),
      ];
    const flat = writer.one('Flatten', [pooled], [intAttribute('axis', 1)]);
    return [writer.value(flat, [x.shape[0] ?? null, channels])];
  },
};

/** UpSampling2D: nearest copies rows and columns; bilinear interpolates from the corner, as tf.image does without half pixels. */
export const upSamplingConverter: LayerConverter = {
  classNames: ['UpSampling2D'],
  convert(call) {
    const x = withChannelsFirst(call, inputOf(call));
    const factors = sizesOf(call, 'size', 2, 2);
    const sizes = spatialSizes(x).map((size, i) => (size === null ? null : size * (factors[i] ?? 1)));
    const name = resize(call, x, factors);
    return [reshaped(x, name, x.shape[x.layout[1] ?? 1] ?? null, sizes)];
  },
};

function resize(call: LayerCall, x: Value, factors: readonly number[]): string {
  const { writer } = call;
  const interpolation = textOf(call, 'interpolation', 'nearest');
  if (interpolation !== 'nearest' && interpolation !== 'bilinear') {
    throw unsupportedLayer(call, 'interpolation nearest or bilinear', `"${interpolation}"`);
  }
  const scales = writer.constant(`scales_${factors.join('_')}`, [factors.length + 2], () =>
    Float32Array.of(1, 1, ...factors),
  );
  return writer.one(
    'Resize',
    [x.name, '', scales],
    [
      stringAttribute('mode', interpolation === 'nearest' ? 'nearest' : 'linear'),
      stringAttribute('coordinate_transformation_mode', 'asymmetric'),
      ...(interpolation === 'nearest' ? [stringAttribute('nearest_mode', 'floor')] : []),
    ],
  );
}
