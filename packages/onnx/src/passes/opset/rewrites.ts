import { intAttribute, stringAttribute } from '../../attribute/build-attribute';
import { findAttribute, getFloat, getInt, getString } from '../../attribute/read-attribute';
import type { Node } from '../../message/types';
import { DataType } from '../../tensor/data-type';
import { tensorFromArray, tensorFromFloat32 } from '../../tensor/tensor-from-array';
import { tensorToArray } from '../../tensor/tensor-to-array';
import type { Rewrite, RewriteContext } from './rewrite-types';

/** Adds an int64 initializer for `node` and returns its name. */
const addInts = (
  { edit, node }: RewriteContext,
  role: string,
  values: readonly bigint[],
  dims = [values.length],
): string => {
  const name = edit.uniqueName(`${node.output[0] ?? node.opType}_${role}`);
  edit.addInitializer(tensorFromArray(name, DataType.INT64, dims, BigInt64Array.from(values)));
  return name;
};

/** Values of an INTS attribute without rounding: slices end at 2^63 − 1. */
const rawInts = (node: Node, name: string): readonly bigint[] | undefined => findAttribute(node, name)?.ints;

/** Moves an INTS attribute to input `position`; a node without the attribute stays as it is. */
const intsToInput =
  (attribute: string, position: number): Rewrite =>
  (context) => {
    const { edit, node } = context;
    const values = rawInts(node, attribute);
    if (values === undefined) return undefined;
    edit.setInput(node, position, addInts(context, attribute, values));
    edit.removeAttribute(node, attribute);
    return undefined;
  };

/** Constants `min` and `max` in the type of the data. */
const clip: Rewrite = ({ edit, node, inference }) => {
  const dataType = inference.types.get(node.input[0] ?? '')?.dataType || DataType.FLOAT;
  ['min', 'max'].forEach((attribute, i) => {
    const value = getFloat(node, attribute);
    if (value === undefined) return;
    const name = edit.uniqueName(`${node.output[0]}_${attribute}`);
    edit.addInitializer(tensorFromFloat32(name, dataType, [], Float32Array.of(value)));
    edit.setInput(node, i + 1, name);
    edit.removeAttribute(node, attribute);
  });
  return undefined;
};

const pad: Rewrite = (context) => {
  const { edit, node, inference } = context;
  const pads = rawInts(node, 'pads') ?? rawInts(node, 'paddings');
  if (pads === undefined) return 'it has no pads attribute';
  edit.setInput(node, 1, addInts(context, 'pads', pads));
  const value = getFloat(node, 'value', 0);
  if (value !== 0) {
    const dataType = inference.types.get(node.input[0] ?? '')?.dataType || DataType.FLOAT;
    const name = edit.uniqueName(`${node.output[0]}_value`);
    edit.addInitializer(tensorFromFloat32(name, dataType, [], Float32Array.of(value)));
    edit.setInput(node, 2, name);
  }
  for (const attribute of ['pads', 'paddings', 'value']) edit.removeAttribute(node, attribute);
  return undefined;
};

const slice: Rewrite = (context) => {
  const { edit, node } = context;
  const starts = rawInts(node, 'starts');
  const ends = rawInts(node, 'ends');
  if (starts === undefined || ends === undefined) return 'it has no starts or ends attribute';
  const axes = rawInts(node, 'axes');
  edit.setInput(node, 1, addInts(context, 'starts', starts));
  edit.setInput(node, 2, addInts(context, 'ends', ends));
  if (axes !== undefined) edit.setInput(node, 3, addInts(context, 'axes', axes));
  for (const attribute of ['starts', 'ends', 'axes']) edit.removeAttribute(node, attribute);
  return undefined;
};

const topK: Rewrite = (context) => {
  const { edit, node } = context;
  const k = getInt(node, 'k');
  if (k === undefined) return 'it has no k attribute';
  edit.setInput(node, 1, addInts(context, 'k', [BigInt(k)]));
  edit.removeAttribute(node, 'k');
  return undefined;
};

/** Opset 7 to 9 normalized per channel only with `spatial` 1, which then became the only way. */
const batchNormalizationSpatial: Rewrite = ({ edit, node }) => {
  if (getInt(node, 'spatial', 1) === 0) return 'it normalizes per activation (spatial = 0)';
  edit.removeAttribute(node, 'spatial');
  return undefined;
};

const isRead = ({ edit }: RewriteContext, name: string): boolean =>
  name !== '' && (edit.isOutput(name) || edit.consumers(name).length > 0);

const batchNormalizationOutputs: Rewrite = (context) => {
  const { edit, node } = context;
  const extra = node.output.slice(1);
  if (extra.some((name) => isRead(context, name))) return 'something reads its training outputs';
  if (extra.length > 0) {
    const { input, attribute, name, output } = node;
    edit.replaceNode(node, {
      opType: 'BatchNormalization',
      name,
      inputs: input,
      outputs: output.slice(0, 1),
      attributes: attribute,
    });
  }
  return undefined;
};

const dropoutMask: Rewrite = (context) =>
  isRead(context, context.node.output[1] ?? '') ? 'something reads its mask, whose type changed' : undefined;

const dropoutRatio: Rewrite = ({ edit, node }) => {
  edit.removeAttribute(node, 'ratio');
  return undefined;
};

/**
 * Up to opset 12, Softmax worked on the input flattened to two axes at `axis` (default 1); from 13 on it works along
 * `axis` alone (default -1). The two agree on the last axis; else Flatten, Softmax, Reshape spell the old meaning out.
 */
const softmax: Rewrite = ({ edit, node, inference }) => {
  const axis = getInt(node, 'axis', 1);
  const rank = inference.types.get(node.input[0] ?? '')?.dims?.length;
  if (axis === -1 || (rank !== undefined && axis === rank - 1)) {
    edit.setAttribute(node, intAttribute('axis', -1));
    return undefined;
  }
  const [input = ''] = node.input;
  const [output = ''] = node.output;
  const [flat, soft, shape] = ['flat', 'soft', 'shape'].map((role) => edit.uniqueName(`${output}_${role}`));
  if (flat === undefined || soft === undefined || shape === undefined) return 'no names are left';
  edit.replaceNode(
    node,
    { opType: 'Flatten', inputs: [input], outputs: [flat], attributes: [intAttribute('axis', axis)] },
    { opType: node.opType, name: node.name, inputs: [flat], outputs: [soft], attributes: [intAttribute('axis', -1)] },
    { opType: 'Shape', inputs: [input], outputs: [shape] },
    { opType: 'Reshape', inputs: [soft, shape], outputs: [output] },
  );
  return undefined;
};

const splitCount: Rewrite = ({ edit, node }) => {
  if ((node.input[1] ?? '') === '') edit.setAttribute(node, intAttribute('num_outputs', node.output.length));
  return undefined;
};

/** Upsample and the first Resize map output position i to i / scale and round down for nearest. */
const asResize = ({ edit, node }: RewriteContext, scales: string): string | undefined => {
  const mode = getString(node, 'mode', 'nearest');
  if (mode !== 'nearest' && mode !== 'linear') return `its mode "${mode}" has no counterpart`;
  const constant = edit.constant(scales);
  const values = constant === undefined ? undefined : Array.from(tensorToArray(constant) as ArrayLike<number>);
  if (mode === 'nearest' && node.opType === 'Resize' && !(values?.every((scale) => scale >= 1) ?? false)) {
    return 'it may shrink its input by nearest neighbour, which rounded differently';
  }
  edit.setOperator(node, 'Resize');
  edit.setInputs(node, [node.input[0] ?? '', '', scales]);
  edit.setAttribute(node, stringAttribute('coordinate_transformation_mode', 'asymmetric'));
  edit.setAttribute(node, stringAttribute('mode', mode));
  if (mode === 'nearest') edit.setAttribute(node, stringAttribute('nearest_mode', 'floor'));
  return undefined;
};

/** A Resize with a coordinate mode came out of Upsample one opset earlier. */
const resize: Rewrite = (context) =>
  findAttribute(context.node, 'coordinate_transformation_mode') === undefined
    ? asResize(context, context.node.input[1] ?? '')
    : undefined;

const upsampleScales: Rewrite = ({ edit, node }) => {
  const scales = findAttribute(node, 'scales')?.floats;
  if (scales === undefined) return 'it has no scales attribute';
  const name = edit.uniqueName(`${node.output[0]}_scales`);
  edit.addInitializer(tensorFromFloat32(name, DataType.FLOAT, [scales.length], Float32Array.from(scales)));
  edit.setInput(node, 1, name);
  edit.removeAttribute(node, 'scales');
  return undefined;
};

/** `sizes` and `roi` are empty or absent here; only one mode went away. */
const resizeModes: Rewrite = ({ node }) =>
  getString(node, 'coordinate_transformation_mode', 'half_pixel') === 'tf_half_pixel_for_nn'
    ? 'its coordinate_transformation_mode "tf_half_pixel_for_nn" no longer exists'
    : undefined;

const roiAlign: Rewrite = ({ edit, node }) => {
  edit.setAttribute(node, stringAttribute('coordinate_transformation_mode', 'output_half_pixel'));
  return undefined;
};

const gridSample: Rewrite = ({ edit, node }) => {
  const mode = getString(node, 'mode', 'bilinear');
  const renamed: Readonly<Record<string, string>> = { bilinear: 'linear', bicubic: 'cubic' };
  edit.setAttribute(node, stringAttribute('mode', renamed[mode] ?? mode));
  return undefined;
};

const scatter: Rewrite = ({ edit, node }) => {
  edit.setOperator(node, 'ScatterElements');
  return undefined;
};

const dft: Rewrite = (context) => {
  const { edit, node } = context;
  const axis = getInt(node, 'axis', 1);
  edit.setInput(node, 2, addInts(context, 'axis', [BigInt(axis)], []));
  edit.removeAttribute(node, 'axis');
  return undefined;
};

const refuse =
  (reason: string): Rewrite =>
  () =>
    reason;

const reduceAxes = intsToInput('axes', 1);

/** Rewrites by `Operator@opset`. */
const table: Readonly<Record<string, Rewrite>> = {
  'BatchNormalization@9': batchNormalizationSpatial,
  'BatchNormalization@14': batchNormalizationOutputs,
  'Clip@11': clip,
  'DFT@20': dft,
  'Dropout@10': dropoutMask,
  'Dropout@12': dropoutRatio,
  'GridSample@20': gridSample,
  'GroupNormalization@21': refuse('its scale and bias changed from one value per group to one per channel'),
  'Hardmax@13': softmax,
  'LogSoftmax@13': softmax,
  'Pad@11': pad,
  'ReduceSum@13': reduceAxes,
  'Resize@11': resize,
  'Resize@13': resizeModes,
  'RoiAlign@16': roiAlign,
  'Scan@9': refuse('its batch axis was removed'),
  'Scatter@11': scatter,
  'Slice@10': slice,
  'Softmax@13': softmax,
  'Split@13': intsToInput('split', 1),
  'Split@18': splitCount,
  'Squeeze@13': intsToInput('axes', 1),
  'TopK@10': topK,
  'Unsqueeze@13': intsToInput('axes', 1),
  'Upsample@9': upsampleScales,
  'Upsample@10': (context) => asResize(context, context.node.input[1] ?? ''),
};

/** The rewrite of an operator at an opset; undefined when its nodes stay as they are. */
export const rewriteAt = (opType: string, opset: number): Rewrite | undefined => {
  if (opset === 18 && opType.startsWith('Reduce') && opType !== 'ReduceSum') return reduceAxes;
  return table[`${opType}@${opset}`];
};
