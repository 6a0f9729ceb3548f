import {
  type GraphEditor,
  getInt,
  getInts,
  getString,
  type InferredShape,
  type Node,
  tensorToArray,
  tensorToFloat32,
} from '@bitwright/onnx';
import { floatConstant } from './channel-layer';

/** Where the channels of a tensor lie: channel c owns the `block` entries from c·block on of `axis`. */
export interface ChannelPlace {
  readonly axis: number;
  readonly block: number;
}

/** How one operator hands channels on without mixing them: f(s·x) = s·f(x) for s > 0 on each channel. */
export interface ChannelPassage {
  /** Input positions whose channels are those of the output. */
  readonly inputs: readonly number[];
  /** Input position of a constant that is added, and so has to be scaled with the channels. */
  readonly offset?: number;
  /** A ceiling f(x) = min(max(x, 0), ceiling), which only scales with a replacement of the operator. */
  readonly ceiling?: number;
  /** Place in the output for a place in an input, and back; undefined where channels do not survive. */
  forward(place: ChannelPlace): ChannelPlace | undefined;
  backward(place: ChannelPlace): ChannelPlace | undefined;
}

/** What a rule may look at. */
export interface PassageContext {
  readonly edit: GraphEditor;
  shape(name: string): InferredShape | undefined;
}

type PassageRule = (node: Node, context: PassageContext) => ChannelPassage | undefined;

/**
 * How a node passes channels on; undefined when it mixes or bends them.
 *
 * Passes: Identity, Dropout, Relu, LeakyRelu, PRelu, Clip from 0, pools, reductions over other axes, zero Pad, Resize, Add and Sub
 * (of a constant, or of two activations), Mul and Div by a constant, Flatten, Reshape that flattens, Squeeze, Transpose.
 */
export function channelPassage(node: Node, context: PassageContext): ChannelPassage | undefined {
  if (node.domain !== '' && node.domain !== 'ai.onnx') return undefined;
  const rule = Object.hasOwn(rules, node.opType) ? rules[node.opType] : undefined;
  if (rule === undefined || node.output.slice(1).some((name) => isRead(name, context.edit))) return undefined;
  return rule(node, context);
}

// — internals —

const inPlace = (inputs: readonly number[]): ChannelPassage => ({
  inputs,
  forward: (place) => place,
  backward: (place) => place,
});

/** Channels must lie on the axis that the operator treats as channels. */
const onAxis1 = (): ChannelPassage => {
  const keep = (place: ChannelPlace): ChannelPlace | undefined => (place.axis === 1 ? place : undefined);
  return { inputs: [0], forward: keep, backward: keep };
};

const rules: Readonly<Record<string, PassageRule>> = {
  Identity: () => inPlace([0]),
  Dropout: () => inPlace([0]),
  Relu: () => inPlace([0]),
  LeakyRelu: () => inPlace([0]),
  PRelu: (node, { edit }) => (floatConstant(node.input[1], edit) === undefined ? undefined : inPlace([0])),
  Clip: clip,
  MaxPool: onAxis1,
  AveragePool: onAxis1,
  GlobalAveragePool: onAxis1,
  GlobalMaxPool: onAxis1,
  ReduceMean: reduction,
  ReduceSum: reduction,
  ReduceMax: reduction,
  Pad: pad,
  Resize: resize,
  Add: sum,
  Sub: sum,
  Mul: (node, context) => factor(node, [0, 1], context),
  Div: (node, context) => factor(node, [1], context),
  Flatten: (node, context) => (getInt(node, 'axis', 1) === 1 ? flattening(node, context) : undefined),
  Reshape: (node, context) => (isFlattening(node, context) ? flattening(node, context) : undefined),
  Squeeze: squeeze,
  Transpose: transpose,
};

function clip(node: Node, { edit }: PassageContext): ChannelPassage | undefined {
  const [lower, upper] = [1, 2].map((i) => {
    const name = node.input[i] ?? '';
    if (name === '') return undefined;
    const tensor = floatConstant(name, edit);
    return tensor === undefined ? Number.NaN : (tensorToFloat32(tensor)[0] ?? Number.NaN);
  });
  if (lower !== undefined && lower !== 0 && lower !== Number.NEGATIVE_INFINITY) return undefined;
  if (upper === undefined || upper === Number.POSITIVE_INFINITY) return inPlace([0]);
  return lower === 0 && upper > 0 ? { ...inPlace([0]), ceiling: upper } : undefined;
}

function reduction(node: Node, context: PassageContext): ChannelPassage | undefined {
  const rank = rankOf(node.input[0], context);
  const axes = constantInts(node.input[1], context) ?? getInts(node, 'axes');
  if (axes === undefined || axes.length === 0 || rank === undefined) return undefined;
  const reduced = axes.map((axis) => (axis < 0 ? axis + rank : axis));
  const keeps = getInt(node, 'keepdims', 1) !== 0;
  const below = (axis: number): number => (keeps ? 0 : reduced.filter((r) => r < axis).length);
  return movingAxes(rank, (axis) => (reduced.includes(axis) ? undefined : axis - below(axis)));
}

function pad(node: Node, context: PassageContext): ChannelPassage | undefined {
  const amounts = constantInts(node.input[1], context);
  const value = node.input[2] ?? '';
  const constant = value === '' ? 0 : tensorValue(value, context);
  const isConstant = getString(node, 'mode', 'constant') === 'constant';
  if (amounts === undefined || (node.input[3] ?? '') !== '' || (isConstant && constant !== 0)) return undefined;
  const rank = amounts.length / 2;
  const isUntouched = (axis: number): boolean => amounts[axis] === 0 && amounts[axis + rank] === 0;
  return movingAxes(rank, (axis) => (isUntouched(axis) ? axis : undefined));
}

function resize(node: Node, context: PassageContext): ChannelPassage | undefined {
  if (getString(node, 'coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize') return undefined;
  const before = context.shape(node.input[0] ?? '')?.dims;
  const after = context.shape(node.output[0] ?? '')?.dims;
  if (before === undefined || after === undefined) return undefined;
  return movingAxes(before.length, (axis) =>
    before[axis] !== undefined && before[axis] === after[axis] ? axis : undefined,
  );
}

/** x · constant or x / constant, where the constant does not add axes. */
function factor(node: Node, positions: readonly number[], context: PassageContext): ChannelPassage | undefined {
  const constant = positions.find((i) => floatConstant(node.input[i], context.edit) !== undefined);
  const rank = rankOf(node.output[0], context);
  if (constant === undefined || rank === undefined || rankOf(node.input[1 - constant], context) !== rank)
    return undefined;
  return inPlace([1 - constant]);
}

/** x ± constant, or x ± y of the same rank (channels align from the right). */
function sum(node: Node, context: PassageContext): ChannelPassage | undefined {
  const offset = [0, 1].find((i) => floatConstant(node.input[i], context.edit) !== undefined);
  const rank = rankOf(node.output[0], context);
  if (rank === undefined) return undefined;
  if (offset === undefined) {
    const areAligned = node.input.every((name) => rankOf(name, context) === rank);
    return areAligned ? inPlace([0, 1]) : undefined;
  }
  return rankOf(node.input[1 - offset], context) === rank ? { ...inPlace([1 - offset]), offset } : undefined;
}

/** [N, C, a, b, …] → [N, C·a·b·…] */
function flattening(node: Node, context: PassageContext): ChannelPassage | undefined {
  const spatial = context.shape(node.input[0] ?? '')?.dims?.slice(2);
  if (spatial === undefined || !spatial.every((dim) => typeof dim === 'number')) return undefined;
  const size = spatial.reduce((product: number, dim) => product * (dim as number), 1);
  return {
    inputs: [0],
    forward: ({ axis, block }) => (axis === 1 ? { axis, block: block * size } : undefined),
    backward: ({ axis, block }) => (axis === 1 && block % size === 0 ? { axis, block: block / size } : undefined),
  };
}

function isFlattening(node: Node, context: PassageContext): boolean {
  const before = context.shape(node.input[0] ?? '')?.dims;
  const after = context.shape(node.output[0] ?? '')?.dims;
  if (before === undefined || after?.length !== 2 || before.length < 2) return false;
  const inner = before.slice(1);
  if (!inner.every((dim) => typeof dim === 'number')) return false;
  return after[1] === inner.reduce((product: number, dim) => product * (dim as number), 1);
}

function squeeze(node: Node, context: PassageContext): ChannelPassage | undefined {
  const rank = rankOf(node.input[0], context);
  const axes = constantInts(node.input[1], context) ?? getInts(node, 'axes');
  if (rank === undefined || axes === undefined) return undefined;
  const removed = axes.map((axis) => (axis < 0 ? axis + rank : axis));
  return movingAxes(rank, (axis) =>
    removed.includes(axis) ? undefined : axis - removed.filter((r) => r < axis).length,
  );
}

function transpose(node: Node, context: PassageContext): ChannelPassage | undefined {
  const rank = rankOf(node.input[0], context);
  if (rank === undefined) return undefined;
  const order = getInts(node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return movingAxes(rank, (axis) => order.indexOf(axis));
}

/** A passage of one input whose axes move as `to` says. */
function movingAxes(rank: number, to: (axis: number) => number | undefined): ChannelPassage {
  return {
    inputs: [0],
    forward({ axis, block }) {
      const moved = to(axis);
      return moved === undefined ? undefined : { axis: moved, block };
    },
    backward({ axis, block }) {
      const source = Array.from({ length: rank }, (_, i) => i).find((i) => to(i) === axis);
      return source === undefined ? undefined : { axis: source, block };
    },
  };
}

function rankOf(name: string | undefined, context: PassageContext): number | undefined {
  return context.shape(name ?? '')?.dims?.length;
}

function constantInts(name: string | undefined, { edit }: PassageContext): number[] | undefined {
  const tensor = name === undefined || name === '' ? undefined : edit.constant(name);
  return tensor === undefined ? undefined : Array.from(tensorToArray(tensor), Number);
}

function tensorValue(name: string, { edit }: PassageContext): number | undefined {
  const tensor = edit.constant(name);
  return tensor === undefined ? undefined : tensorToFloat32(tensor)[0];
}

function isRead(name: string, edit: GraphEditor): boolean {
  return name !== '' && (edit.isOutput(name) || edit.consumers(name).length > 0);
}
