import { getInt, getInts, getString } from '@bitwright/onnx';
import { channelsLastLayout, type KerasValue } from '../keras-value';
import { arranged, dataInput, integersInput, type NodeCall, type NodeConverter, unsupported } from '../node-call';
import { padded, samePads, type WindowPads, windowPads } from './padding';

/** MaxPool and AveragePool of 1 to 3 spatial axes. */
export const poolConverter: NodeConverter = {
  opTypes: ['MaxPool', 'AveragePool'],
  convert(call) {
    const { node } = call;
    const kernel = getInts(node, 'kernel_shape', []);
    const rank = kernel.length;
    const ones = kernel.map(() => 1);
    const window: WindowPads = {
      kernel,
      strides: getInts(node, 'strides', ones),
      dilations: getInts(node, 'dilations', ones),
    };
    if (window.dilations.some((d) => d !== 1)) throw unsupported(call, 'dilations 1', `[${window.dilations}]`);
    if ((node.output[1] ?? '') !== '') throw unsupported(call, 'no indices', 'a second output');
    const input = arranged(call, dataInput(call, 0), channelsLastLayout(rank + 2));
    const sizes = input.shape.slice(2);
    const pads = windowPads(call, window, sizes);
    if (getInt(node, 'ceil_mode', 0) !== 0 && !coversWhole(window, sizes, pads))
      throw unsupported(call, 'ceil_mode 0', '1');
    const isMax = node.opType === 'MaxPool';
    const hasPads = pads.some(([a, b]) => a + b > 0);
    const countsPads = !isMax && hasPads && getInt(node, 'count_include_pad', 0) !== 0;
    const isSame = hasPads && !countsPads && samePads(window, sizes, pads);
    if (hasPads && !isSame && !isMax && !countsPads) {
      throw unsupported(call, 'pads that TensorFlow calls same, or count_include_pad 1', `pads [${pads}]`);
    }
    // The smallest float: no window prefers it.
    const x = isSame ? input : padded(call, input, pads, isMax ? -3.4028234663852886e38 : 0);
    const className = `${isMax ? 'Max' : 'Average'}Pooling${rank}D`;
    const config = { pool_size: kernel, strides: window.strides, padding: isSame ? 'same' : 'valid' };
    return {
      layer: call.writer.add(className, [x.layer], { config }),
      shape: call.shapeOf(node.output[0] ?? ''),
      layout: input.layout,
    };
  },
};

/** Whether windows end exactly at the border, so that rounding up and down are the same. */
function coversWhole(
  window: WindowPads,
  sizes: readonly (number | null)[],
  pads: readonly (readonly [number, number])[],
): boolean {
  return sizes.every((size, i) => {
    const [before, after] = pads[i] ?? [0, 0];
    return size !== null && (size + before + after - (window.kernel[i] ?? 1)) % (window.strides[i] ?? 1) === 0;
  });
}

/** GlobalAveragePool, GlobalMaxPool, and ReduceMean/ReduceMax over all spatial axes. */
export const globalPoolConverter: NodeConverter = {
  opTypes: ['GlobalAveragePool', 'GlobalMaxPool', 'ReduceMean', 'ReduceMax'],
  convert(call) {
    const { node } = call;
    const input = dataInput(call, 0);
    const rank = input.shape.length;
    const isReduction = node.opType.startsWith('Reduce');
    if (isReduction) refuseOtherAxes(call, rank);
    if (rank !== 3 && rank !== 4) throw unsupported(call, '1 or 2 spatial axes', `${rank - 2}`);
    const x = arranged(call, input, channelsLastLayout(rank));
    const kind = node.opType.endsWith('Mean') || node.opType.includes('Average') ? 'Average' : 'Max';
    const layer = call.writer.add(`Global${kind}Pooling${rank - 2}D`, [x.layer]);
    const keepsAxes = !isReduction || getInt(node, 'keepdims', 1) !== 0;
    const [batch = null, channels = null] = input.shape;
    const flat: KerasValue = { layer, shape: [batch, channels], layout: [0, 1] };
    if (!keepsAxes) return flat;
    const shape = [batch, channels, ...new Array<number>(rank - 2).fill(1)];
    return { layer, shape, layout: channelsLastLayout(rank), pooled: layer };
  },
};

function refuseOtherAxes(call: NodeCall, rank: number): void {
  const axes =
    call.opset >= 18 || call.node.input.length > 1 ? integersInput(call, 1, 'axes') : getInts(call.node, 'axes');
  const positive = (axes ?? []).map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  if (positive.join() !== spatial.join())
    throw unsupported(call, `the spatial axes [${spatial}]`, `axes [${positive}]`);
}

/** Resize by whole factors: nearest copies, linear from the corner interpolates. */
export const resizeConverter: NodeConverter = {
  opTypes: ['Resize', 'Upsample'],
  convert(call) {
    const { node } = call;
    const input = dataInput(call, 0);
    const x = arranged(call, input, channelsLastLayout(4));
    const shape = call.shapeOf(node.output[0] ?? '');
    const factors = [2, 3].map((axis) => Number(shape[axis] ?? Number.NaN) / Number(x.shape[axis] ?? Number.NaN));
    if (factors.some((f) => !Number.isInteger(f) || f < 1))
      throw unsupported(call, 'whole factors ≥ 1', `[${factors}]`);
    const mode = getString(node, 'mode', 'nearest');
    const transformation = getString(node, 'coordinate_transformation_mode', 'half_pixel');
    const rounding = getString(node, 'nearest_mode', 'round_prefer_floor');
    const isUpsample = node.opType === 'Upsample';
    const copies =
      isUpsample ||
      (transformation === 'asymmetric' && rounding === 'floor') ||
      (transformation.includes('half_pixel') && rounding === 'round_prefer_floor');
    if (mode === 'nearest' ? !copies : mode !== 'linear' || transformation !== 'asymmetric') {
      throw unsupported(
        call,
        'nearest by copies, or linear with asymmetric coordinates',
        `${mode}, ${transformation}, ${rounding}`,
      );
    }
    const config = { size: factors, interpolation: mode === 'nearest' ? 'nearest' : 'bilinear' };
    return { layer: call.writer.add('UpSampling2D', [x.layer], { config }), shape, layout: x.layout };
  },
};
