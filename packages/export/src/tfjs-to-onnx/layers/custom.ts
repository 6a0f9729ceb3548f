import { intAttribute } from '@bitwright/onnx';
import { customClasses, elementFunctions, type SliceRange, slicedSize } from '../../onnx-to-tfjs/custom-layers';
import { permuteArray } from '../../permute-array';
import {
  inputOf,
  knownSize,
  type LayerCall,
  type LayerConverter,
  malformedLayer,
  numberOf,
  sizesOf,
  textOf,
  weightOf,
} from '../layer-call';
import { plainLayout, type Value } from '../value';
import { usesBias } from './activation';
import { reversedAxis } from './recurrent';
import { reshaped, slidSizes, spatialSizes, type Window, windowAttributes, withChannelsFirst } from './window';

/** The custom padding layer: any axis but the batch, any constant. */
export const customPadConverter: LayerConverter = {
  classNames: [customClasses.pad],
  convert(call) {
    const { writer } = call;
    const x = withOrder(call, inputOf(call));
    const margins = listOf<readonly [number, number]>(call, 'paddings', x.shape.length - 1);
    const of = (axis: number): readonly [number, number] => margins[axis - 1] ?? [0, 0];
    const pads = [...x.layout.map((axis) => of(axis)[0]), ...x.layout.map((axis) => of(axis)[1])];
    const name = writer.one('Pad', [x.name, writer.int64(pads), writer.scalar(numberOf(call, 'value', 0))]);
    const shape = x.shape.map((size, axis) => (size === null ? null : size + of(axis)[0] + of(axis)[1]));
    return [{ ...x, name, shape }];
  },
};

/** The custom slice layer: a begin, end and step per axis. */
export const customSliceConverter: LayerConverter = {
  classNames: [customClasses.slice],
  convert(call) {
    const { writer } = call;
    const x = withOrder(call, inputOf(call));
    const ranges = listOf<SliceRange>(call, 'ranges', x.shape.length - 1);
    const axes = plainLayout(x.shape.length).slice(1);
    const cut = axes.filter((axis) => {
      const range = ranges[axis - 1];
      return range !== undefined && (range.begin !== 0 || range.end !== null || range.stride !== 1);
    });
    const of = (pick: (range: SliceRange) => number): string =>
      writer.int64(cut.map((axis) => pick(ranges[axis - 1] ?? { begin: 0, end: null, stride: 1 })));
    const positions = writer.int64(cut.map((axis) => x.layout.indexOf(axis)));
    const inputs = [
      x.name,
      of((r) => r.begin),
      of((r) => r.end ?? Number.MAX_SAFE_INTEGER),
      positions,
      of((r) => r.stride),
    ];
    const shape = x.shape.map((size, axis) => (axis === 0 ? size : slicedSize(size, ranges[axis - 1])));
    return [{ ...x, name: writer.one('Slice', inputs), shape }];
  },
};

/** The custom grouped convolution: kernel [kh, kw, in/groups, out]. */
export const groupedConvolutionConverter: LayerConverter = {
  classNames: [customClasses.groupedConvolution],
  convert(call) {
    const x = withChannelsFirst(call, inputOf(call));
    const window: Window = {
      kernel: sizesOf(call, 'kernel_size', 2),
      strides: sizesOf(call, 'strides', 2, 1),
      dilations: sizesOf(call, 'dilation_rate', 2, 1),
    };
    const [groups, filters] = [numberOf(call, 'groups'), numberOf(call, 'filters')];
    const channels = knownSize(call, x.shape[x.layout[1] ?? 1], 'number of channels');
    const kernel = weightOf(call, 'kernel', [...window.kernel, channels / groups, filters]);
    const constant = call.writer.constant(
      kernel.name,
      [3, 2, 0, 1].map((axis) => kernel.shape[axis] ?? 1),
      () => permuteArray(kernel.data, kernel.shape, [3, 2, 0, 1]),
    );
    const inputs = [x.name, constant];
    if (usesBias(call)) {
      const bias = weightOf(call, 'bias', [filters]);
      inputs.push(call.writer.constant(bias.name, [filters], () => bias.data));
    }
    const padding = textOf(call, 'padding', 'valid');
    const sizes = spatialSizes(x);
    const attributes = [...windowAttributes(call, sizes, window, padding), intAttribute('group', groups)];
    return [reshaped(x, call.writer.one('Conv', inputs, attributes), filters, slidSizes(sizes, window, padding))];
  },
};

/** The custom scale and shift: along the last axis, or of all axes but the batch. */
export const channelAffineConverter: LayerConverter = {
  classNames: [customClasses.affine],
  convert(call) {
    const { writer } = call;
    const x = withOrder(call, inputOf(call));
    const rank = x.shape.length;
    const constant = (name: string): string => {
      const weight = weightOf(
        call,
        name,
        Array.isArray(call.config['sizes']) ? x.shape.slice(1).map(() => null) : [null],
      );
      // Sizes by logical axis, 1 for the batch and what the weight does not have; then in the order of the ONNX tensor.
      const sizes = [...new Array<number>(rank - weight.shape.length).fill(1), ...weight.shape];
      const dims = x.layout.map((axis) => sizes[axis] ?? 1);
      const note = `for axes ${x.layout.join(', ')}`;
      return writer.constant(weight.name, dims, () => permuteArray(weight.data, sizes, x.layout), note);
    };
    return [{ ...x, name: writer.one('Add', [writer.one('Mul', [x.name, constant('scale')]), constant('shift')]) }];
  },
};

/** The custom layer that turns an axis around. */
export const customReverseConverter: LayerConverter = {
  classNames: [customClasses.reverse],
  convert(call) {
    const x = withOrder(call, inputOf(call));
    return [{ ...x, name: reversedAxis(call, x, x.layout.indexOf(numberOf(call, 'axis'))) }];
  },
};

/** The custom layer of a function of one variable. */
export const customFunctionConverter: LayerConverter = {
  classNames: [customClasses.elementFunction],
  convert(call) {
    const x = inputOf(call);
    const operator = textOf(call, 'operator', '');
    const opType = Object.entries(elementFunctions).find(([name]) => name === operator)?.[1];
    if (opType === undefined)
      throw malformedLayer(call, `one of ${Object.keys(elementFunctions).join(', ')}`, operator);
    return [{ ...x, name: call.writer.one(opType, [x.name]) }];
  },
};

function withOrder(call: LayerCall, x: Value): Value {
  return x.featureOrder === undefined ? x : call.writer.plain(x);
}

function listOf<Item>(call: LayerCall, key: string, length: number): readonly Item[] {
  const list = call.config[key];
  if (Array.isArray(list) && list.length === length) return list as Item[];
  throw malformedLayer(call, `${length} entries in ${key}`, JSON.stringify(list) ?? 'none');
}
