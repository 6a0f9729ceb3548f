import { getInt, tensorToFloat32 } from '@bitwright/onnx';
import { permuteArray } from '../../permute-array';
import { plainLayout, sameLayout } from '../../tfjs-to-onnx/value';
import { customClasses } from '../custom-layers';
import { channelsLastLayout, type KerasValue } from '../keras-value';
import {
  arranged,
  constantInput,
  dataInput,
  materialized,
  type NodeCall,
  type NodeConverter,
  unsupported,
} from '../node-call';

const layers: Readonly<Record<string, string>> = {
  Add: 'Add',
  Mul: 'Multiply',
  Max: 'Maximum',
  Min: 'Minimum',
  Sub: 'Add',
};

/** Add, Sub, Mul, Div, Max, Min, Sum: of computed values a merge layer, with a constant a scale and shift. */
export const elementwiseConverter: NodeConverter = {
  opTypes: ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Sum'],
  convert(call) {
    const { node } = call;
    const constant = node.input.findIndex((_, i) => constantInput(call, i) !== undefined);
    if (constant >= 0) return withConstant(call, constant);
    const opType = node.opType === 'Sum' ? 'Add' : node.opType;
    const className = layers[opType];
    if (className === undefined) throw unsupported(call, 'a constant divisor', 'a computed one');
    const values = aligned(
      call,
      node.input.map((_, i) => dataInput(call, i)),
    );
    const names = values.map((value, i) =>
      opType === 'Sub' && i === 1
        ? call.writer.add('Rescaling', [value.layer], { config: { scale: -1, offset: 0 } })
        : value.layer,
    );
    const [first] = values;
    if (first === undefined || values.length < 2) throw unsupported(call, 'two inputs', `${values.length}`);
    const shape = call.shapeOf(node.output[0] ?? '', first.layout[0]);
    return { ...first, shape, layer: call.writer.add(className, names) };
  },
};

/** Concat of computed values. */
export const concatConverter: NodeConverter = {
  opTypes: ['Concat'],
  convert(call) {
    const { node } = call;
    const values = aligned(
      call,
      node.input.map((_, i) => dataInput(call, i)),
    );
    const [first] = values;
    if (first === undefined) throw unsupported(call, 'inputs', 'none');
    const rank = first.shape.length;
    const configured = getInt(node, 'axis', 0);
    const axis = first.layout.indexOf(configured < 0 ? configured + rank : configured);
    if (axis === 0) throw unsupported(call, 'an axis behind the batch', 'axis 0');
    const layer = call.writer.add(
      'Concatenate',
      values.map((value) => value.layer),
      { config: { axis } },
    );
    return { ...first, shape: call.shapeOf(node.output[0] ?? '', first.layout[0]), layer };
  },
};

/** Values in one order of axes; the order most of them have, images channels last before others. */
function aligned(call: NodeCall, inputs: readonly KerasValue[]): KerasValue[] {
  const rank = Math.max(...inputs.map((value) => value.shape.length));
  if (inputs.some((value) => value.shape.length !== rank))
    throw unsupported(call, 'operands with equally many axes', inputs.map((v) => `[${v.shape}]`).join(', '));
  const values = inputs.map((value) => materialized(call, value));
  if (values.some((value) => value.featureOrder !== undefined)) {
    if (values.every((value) => value.featureOrder === values[0]?.featureOrder)) return values;
    throw unsupported(call, 'features in their own order', 'a flattened image');
  }
  const image = channelsLastLayout(rank);
  const votes = (layout: readonly number[]): number =>
    values.filter((value) => sameLayout(value.layout, layout)).length;
  const best =
    [image, plainLayout(rank), ...values.map((value) => value.layout)].sort((a, b) => votes(b) - votes(a))[0] ?? image;
  return values.map((value) => arranged(call, value, best));
}

/** x op constant: one number becomes a Rescaling layer, one per channel a depthwise or affine layer. */
function withConstant(call: NodeCall, position: number): KerasValue {
  const { node, writer } = call;
  const x = dataInput(call, 1 - position);
  const tensor = constantInput(call, position);
  if (tensor === undefined || node.input.length !== 2)
    throw unsupported(call, 'one constant and one computed input', 'others');
  const values = tensorToFloat32(tensor);
  const shape = call.shapeOf(node.output[0] ?? '', x.layout[0]);
  const line = lineOf(call, values, position);
  const value = materialized(call, x);
  if (values.length === 1 && shape.length === x.shape.length) {
    return {
      ...value,
      layer: writer.add('Rescaling', [value.layer], { config: { scale: line.scale[0], offset: line.shift[0] } }),
    };
  }
  const rank = x.shape.length;
  const dims = [...new Array<number>(Math.max(rank - tensor.dims.length, 0)).fill(1), ...tensor.dims.map(Number)];
  const axis = dims.findIndex((d) => d !== 1);
  const isPerChannel =
    dims.length === rank && dims.every((d, i) => i === axis || d === 1) && dims[axis] === x.shape[axis];
  if (!isPerChannel || x.featureOrder !== undefined || axis === 0) return withWholeConstant(call, value, dims, line);
  const layout = [...value.layout.filter((a) => a !== axis), axis];
  const y = arranged(call, value, layout);
  if (rank === 4) {
    const weights = {
      depthwise_kernel: { shape: [1, 1, values.length, 1], data: line.scale },
      bias: { shape: [values.length], data: line.shift },
    };
    return {
      ...y,
      layer: writer.add('DepthwiseConv2D', [y.layer], { config: { kernel_size: [1, 1], use_bias: true }, weights }),
    };
  }
  const weights = {
    scale: { shape: [values.length], data: line.scale },
    shift: { shape: [values.length], data: line.shift },
  };
  return { ...y, layer: writer.add(customClasses.affine, [y.layer], { weights }) };
}

/** A constant that spreads over axes of x but the batch: an affine layer with weights of its shape. */
function withWholeConstant(
  call: NodeCall,
  x: KerasValue,
  dims: readonly number[],
  line: { readonly scale: Float32Array; readonly shift: Float32Array },
): KerasValue {
  const fits =
    dims.length === x.shape.length && dims.every((d, i) => d === 1 || (i !== x.layout[0] && d === x.shape[i]));
  if (!fits || x.featureOrder !== undefined) {
    throw unsupported(
      call,
      'a constant that repeats over the batch and fits the other axes',
      `[${dims}] with [${x.shape}]`,
    );
  }
  const sizes = x.layout.slice(1).map((axis) => dims[axis] ?? 1);
  const inLayout = (data: Float32Array): Float32Array => permuteArray(data, dims, x.layout);
  const weights = {
    scale: { shape: sizes, data: inLayout(line.scale) },
    shift: { shape: sizes, data: inLayout(line.shift) },
  };
  return { ...x, layer: call.writer.add(customClasses.affine, [x.layer], { config: { sizes }, weights }) };
}

/** The operation as x · scale + shift. */
function lineOf(call: NodeCall, values: Float32Array, position: number): { scale: Float32Array; shift: Float32Array } {
  const ones = new Float32Array(values.length).fill(1);
  const zeros = new Float32Array(values.length);
  switch (call.node.opType) {
    case 'Add':
    case 'Sum':
      return { scale: ones, shift: values };
    case 'Mul':
      return { scale: values, shift: zeros };
    case 'Sub':
      return position === 1
        ? { scale: ones, shift: values.map((v) => -v) }
        : { scale: ones.map(() => -1), shift: values };
    case 'Div':
      if (position === 1) return { scale: values.map((v) => 1 / v), shift: zeros };
      throw unsupported(call, 'a constant divisor', 'a constant dividend');
    default:
      throw unsupported(call, 'computed operands', 'a constant');
  }
}
