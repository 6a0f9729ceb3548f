import { elementCount } from '@bitwright/core';
import { getInt, getInts, getString } from '@bitwright/onnx';
import { permuteArray } from '../../permute-array';
import { plainLayout, sameLayout } from '../../tfjs-to-onnx/value';
import { customClasses, type SliceRange } from '../custom-layers';
import { channelsLastLayout, type KerasValue } from '../keras-value';
import {
  dataInput,
  integersInput,
  materialized,
  type NodeCall,
  type NodeConverter,
  numberInput,
  plain,
  sizeOf,
  unsupported,
} from '../node-call';

/** Flatten, Reshape, Squeeze, Unsqueeze: the numbers stay in their order, the batch stays the first axis. */
export const reshapeConverter: NodeConverter = {
  opTypes: ['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze'],
  convert(call) {
    const { node, writer } = call;
    const input = dataInput(call, 0);
    const shape = call.shapeOf(node.output[0] ?? '');
    const sizes = shape.slice(1).map((size) => sizeOf(call, size, 'shape'));
    const count = elementCount(sizes);
    const before = input.shape.slice(1).map((size) => sizeOf(call, size, 'shape'));
    if (elementCount(before) !== count) {
      throw unsupported(call, 'a batch axis that stays as it is', `[${input.shape}] to [${shape}]`);
    }
    if (sizes.join() === before.join()) return input;
    const isVector = sizes.length === 1;
    if (isVector && input.pooled !== undefined) return { layer: input.pooled, shape, layout: [0, 1] };
    const value = materialized(call, input);
    if (isVector) {
      if (value.layout[0] !== 0) throw unsupported(call, 'a batch axis that stays first', 'one that moved');
      const order = value.featureOrder ?? featureOrder(value, before);
      const layer = value.shape.length === 2 ? value.layer : writer.add('Flatten', [value.layer]);
      return { layer, shape, layout: [0, 1], ...(order === undefined ? {} : { featureOrder: order }) };
    }
    const x = plain(call, value);
    const layer = writer.add('Reshape', [x.layer], { config: { target_shape: sizes } });
    return { layer, shape, layout: plainLayout(shape.length) };
  },
};

/** ONNX feature at each position of the flattened layer; undefined when nothing moved. */
function featureOrder(value: KerasValue, sizes: readonly number[]): Int32Array | undefined {
  if (sameLayout(value.layout, plainLayout(value.layout.length))) return undefined;
  const count = elementCount(sizes);
  const indices = Float32Array.from({ length: count }, (_, i) => i);
  const moved = permuteArray(
    indices,
    sizes,
    value.layout.slice(1).map((axis) => axis - 1),
  );
  return moved.every((feature, i) => feature === i) ? undefined : Int32Array.from(moved);
}

/** Transpose: only the order of axes changes; whoever needs another one permutes. */
export const transposeConverter: NodeConverter = {
  opTypes: ['Transpose'],
  convert(call) {
    const x = materialized(call, dataInput(call, 0));
    if (x.featureOrder !== undefined) throw unsupported(call, 'features in their own order', 'a flattened image');
    const rank = x.shape.length;
    const perm = getInts(call.node, 'perm', plainLayout(rank).reverse());
    return {
      ...x,
      shape: perm.map((axis) => x.shape[axis] ?? null),
      layout: x.layout.map((axis) => perm.indexOf(axis)),
    };
  },
};

/** Pad with a constant: ZeroPadding2D around images, else the custom layer. */
export const padConverter: NodeConverter = {
  opTypes: ['Pad'],
  convert(call) {
    const { node, writer } = call;
    const mode = getString(node, 'mode', 'constant');
    if (mode !== 'constant') throw unsupported(call, 'mode constant', `"${mode}"`);
    const x = materialized(call, dataInput(call, 0));
    const rank = x.shape.length;
    const pads = call.opset >= 11 ? integersInput(call, 1, 'pads') : getInts(node, 'pads');
    if (pads === undefined || pads.length !== 2 * rank) throw unsupported(call, `${2 * rank} pads`, `${pads?.length}`);
    const batch = x.layout[0] ?? 0;
    if (pads.some((pad) => pad < 0) || pads[batch] !== 0 || pads[batch + rank] !== 0)
      throw unsupported(call, 'pads ≥ 0 behind the batch', `[${pads}]`);
    const value = call.opset >= 11 ? numberInput(call, 2, 0) : 0;
    const shape = call.shapeOf(node.output[0] ?? '', batch);
    const margins = x.layout.slice(1).map((axis): [number, number] => [pads[axis] ?? 0, pads[axis + rank] ?? 0]);
    const isImage =
      rank === 4 && sameLayout(x.layout, channelsLastLayout(4)) && value === 0 && margins[2]?.every((n) => n === 0);
    const layer = isImage
      ? writer.add('ZeroPadding2D', [x.layer], { config: { padding: margins.slice(0, 2) } })
      : writer.add(customClasses.pad, [x.layer], { config: { paddings: margins, value } });
    return { ...x, shape, layer };
  },
};

/** Slice with constant bounds and steps > 0: Cropping2D where it only cuts the borders of images, else the custom layer. */
export const sliceConverter: NodeConverter = {
  opTypes: ['Slice'],
  convert(call) {
    const { node, writer } = call;
    const x = materialized(call, dataInput(call, 0));
    const rank = x.shape.length;
    const starts = integersInput(call, 1, 'starts') ?? [];
    const ends = integersInput(call, 2, 'ends') ?? [];
    const axes = (integersInput(call, 3, 'axes') ?? starts.map((_, i) => i)).map((axis) =>
      axis < 0 ? axis + rank : axis,
    );
    const steps = integersInput(call, 4, 'steps') ?? starts.map(() => 1);
    if (steps.length === 1 && steps[0] === -1) return reversedAxis(call, x, axes[0] ?? 0, starts[0] ?? 0, ends[0] ?? 0);
    if (steps.some((step) => step < 1)) throw unsupported(call, 'steps > 0, or a whole axis reversed', `[${steps}]`);
    const whole: SliceRange = { begin: 0, end: null, stride: 1 };
    const ranges = x.layout.map((axis): SliceRange => {
      const i = axes.indexOf(axis);
      if (i < 0) return whole;
      const end = ends[i] ?? 0;
      const isOpen = end >= 2 ** 31 - 1 || end === x.shape[axis];
      return { begin: starts[i] ?? 0, end: isOpen ? null : end, stride: steps[i] ?? 1 };
    });
    const [batch = whole, ...rest] = ranges;
    if (batch.begin !== 0 || batch.end !== null || batch.stride !== 1)
      throw unsupported(call, 'the whole batch', 'a part of it');
    const shape = call.shapeOf(node.output[0] ?? '', x.layout[0]);
    const cropping = croppingOf(x, rest);
    const layer =
      cropping === undefined
        ? writer.add(customClasses.slice, [x.layer], { config: { ranges: rest } })
        : writer.add('Cropping2D', [x.layer], { config: { cropping } });
    return { ...x, shape, layer };
  },
};

/** A Slice from the last element to the first by steps of −1. */
function reversedAxis(call: NodeCall, x: KerasValue, onnxAxis: number, start: number, end: number): KerasValue {
  const axis = x.layout.indexOf(onnxAxis);
  const size = x.shape[onnxAxis] ?? null;
  const isWhole = (start === -1 || (size !== null && start >= size - 1)) && end <= -(size ?? 2 ** 31 - 1) - 1;
  if (axis < 1 || !isWhole) throw unsupported(call, 'a whole axis behind the batch, reversed', `[${start}, ${end})`);
  return { ...x, layer: call.writer.add(customClasses.reverse, [x.layer], { config: { axis } }) };
}

/** Elements cut from both ends of height and width; undefined when the slice does more than that. */
function croppingOf(x: KerasValue, [height, width, channels]: readonly SliceRange[]): [number, number][] | undefined {
  if (!sameLayout(x.layout, channelsLastLayout(4)) || height === undefined || width === undefined) return undefined;
  if (channels?.begin !== 0 || channels.end !== null) return undefined;
  const margins = [height, width].map(({ begin, end, stride }, i): [number, number] | undefined => {
    const size = x.shape[i + 2] ?? null;
    if (stride !== 1 || begin < 0 || (end !== null && end >= 0 && size === null)) return undefined;
    return [begin, end === null ? 0 : end < 0 ? -end : (size ?? 0) - end];
  });
  const known = margins.filter((margin) => margin !== undefined);
  return known.length === 2 && known.every(([, after]) => after >= 0) && channels.stride === 1 ? known : undefined;
}

/** Tile of a sequence of one step: RepeatVector. */
export const tileConverter: NodeConverter = {
  opTypes: ['Tile'],
  convert(call) {
    const input = dataInput(call, 0);
    const repeats = integersInput(call, 1, 'repeats') ?? [];
    const [, steps, features] = input.shape;
    if (input.shape.length !== 3 || steps !== 1 || repeats[0] !== 1 || repeats[2] !== 1) {
      throw unsupported(call, 'copies of a single step', `[${input.shape}] by [${repeats}]`);
    }
    const x = plain(call, input);
    const size = sizeOf(call, features, 'number of features');
    const vector = call.writer.add('Reshape', [x.layer], { config: { target_shape: [size] } });
    const layer = call.writer.add('RepeatVector', [vector], { config: { n: repeats[1] ?? 1 } });
    return { layer, shape: call.shapeOf(call.node.output[0] ?? ''), layout: plainLayout(3) };
  },
};

/** Operators that do nothing to a float value outside training. */
export const identityConverter: NodeConverter = {
  opTypes: ['Identity', 'Dropout', 'Cast'],
  convert(call) {
    if (call.node.opType === 'Cast' && getInt(call.node, 'to', 1) !== 1)
      throw unsupported(call, 'a cast to float', 'another type');
    return dataInput(call, 0);
  },
};
