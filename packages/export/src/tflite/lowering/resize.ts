import { getFloat, getInt, getString, type Node } from '@bitwright/onnx';
import { arrange, readValue, sizeOf } from './context';
import type { OperatorLowering } from './operator-lowering';
import { refuse } from './refusal';
import { channelsLast, inOrder } from './value';
import { imageSize } from './window';
import { writeResult } from './write-result';

/**
 * Resize of images, nearest or linear: RESIZE_NEAREST_NEIGHBOR or RESIZE_BILINEAR with the coordinates that mean the same.
 * Nearest is accepted when every output takes the same input as in ONNX, whatever the rules are called.
 */
export const resizeLowering: OperatorLowering = {
  opTypes: ['Resize', 'Upsample'],
  lower(node, mode, context) {
    const input = arrange(context, readValue(context, node, 0, mode), channelsLast(4));
    const size = sizeOf(context, node, node.output[0] ?? '');
    const order = channelsLast(4);
    const result = { shape: inOrder(size.shape, order), signature: inOrder(size.signature, order), order };
    const from = imageSize(input);
    const to: [number, number] = [result.shape[1] ?? 1, result.shape[2] ?? 1];
    if (result.shape[3] !== input.shape[3]) throw refuse(node, 'the channels as they are', 'others');
    const style = getString(node, 'mode', 'nearest');
    if (getInt(node, 'antialias', 0) !== 0) throw refuse(node, 'no antialias', 'antialias 1');
    const rule = style === 'nearest' ? nearestRule(node, from, to) : linearRule(node, style);
    const kind = style === 'nearest' ? 'RESIZE_NEAREST_NEIGHBOR' : 'RESIZE_BILINEAR';
    writeResult(
      context,
      node,
      mode,
      result,
      (output) =>
        context.builder.operator(kind, [input.tensor, context.builder.int32s(to)], [output.tensor], { ...rule }),
      { params: input.params },
    );
  },
};

// — internals —

interface CoordinateRule {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

const rules: readonly CoordinateRule[] = [
  { alignCorners: false, halfPixelCenters: false },
  { alignCorners: false, halfPixelCenters: true },
  { alignCorners: true, halfPixelCenters: false },
];

function nearestRule(node: Node, from: readonly [number, number], to: readonly [number, number]): CoordinateRule {
  const wanted = ([0, 1] as const).map((axis) => onnxNearest(node, from[axis], to[axis]));
  const found = rules.find((rule) =>
    wanted.every((indices, axis) => {
      const [inputs, outputs] = [from[axis] as number, to[axis] as number];
      return indices.every((index, i) => index === tfliteNearest(rule, i, inputs, outputs));
    }),
  );
  if (found !== undefined) return found;
  const received = `${coordinateMode(node)}, ${getString(node, 'nearest_mode', 'round_prefer_floor')}`;
  throw refuse(node, `coordinates as TFLite has them for ${from.join('×')} to ${to.join('×')}`, received);
}

/** Index of the input that every output takes, by the definition of ONNX Resize. */
function onnxNearest(node: Node, inputs: number, outputs: number): readonly number[] {
  const scale = outputs / inputs;
  const rounding = getString(node, 'nearest_mode', node.opType === 'Upsample' ? 'floor' : 'round_prefer_floor');
  return Array.from({ length: outputs }, (_, i) => {
    const x = sourceCoordinate(coordinateMode(node), i, inputs, outputs, scale);
    const rounded = {
      floor: Math.floor(x),
      ceil: Math.ceil(x),
      round_prefer_ceil: Math.floor(x + 0.5),
      round_prefer_floor: Math.ceil(x - 0.5),
    }[rounding];
    return Math.min(Math.max(rounded ?? Number.NaN, 0), inputs - 1);
  });
}

function coordinateMode(node: Node): string {
  return node.opType === 'Upsample' ? 'asymmetric' : getString(node, 'coordinate_transformation_mode', 'half_pixel');
}

function sourceCoordinate(mode: string, i: number, inputs: number, outputs: number, scale: number): number {
  switch (mode) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return outputs > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return outputs > 1 ? (i * (inputs - 1)) / (outputs - 1) : 0;
    case 'asymmetric':
      return i / scale;
    default:
      return Number.NaN;
  }
}

/** The same by TFLite: floor of the scaled index, or round half away with aligned corners. */
function tfliteNearest(
  { alignCorners, halfPixelCenters }: CoordinateRule,
  i: number,
  inputs: number,
  outputs: number,
): number {
  const isAligned = alignCorners && outputs > 1;
  const scale = Math.fround(isAligned ? (inputs - 1) / (outputs - 1) : inputs / outputs);
  const at = Math.fround((halfPixelCenters ? i + 0.5 : i) * scale);
  const index = alignCorners ? Math.floor(at + 0.5) : Math.floor(at);
  return Math.max(Math.min(index, inputs - 1), 0);
}

function linearRule(node: Node, style: string): CoordinateRule {
  if (style !== 'linear' && style !== 'bilinear') throw refuse(node, 'mode nearest or linear', style);
  const mode = coordinateMode(node);
  if (getFloat(node, 'extrapolation_value', 0) !== 0) throw refuse(node, 'no extrapolation', 'a value for it');
  if (mode === 'half_pixel' || mode === 'pytorch_half_pixel') return { alignCorners: false, halfPixelCenters: true };
  if (mode === 'align_corners') return { alignCorners: true, halfPixelCenters: false };
  if (mode === 'asymmetric') return { alignCorners: false, halfPixelCenters: false };
  throw refuse(node, 'coordinates half_pixel, align_corners or asymmetric', mode);
}
