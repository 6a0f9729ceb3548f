import { concat as concatNative } from '@bitwright/kernels-native';
import { Concat, type ConcatAttrs, Pack, type PackAttrs, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { BitwrightBackend } from '../../bitwright-backend';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isMovable, type MovableInfo } from './movable';

type Inputs = Record<string, TensorInfo>;

/** tf.concat and tf.stack. Inputs of one dtype and equal sizes but along the axis; empty ones are left to the borrowed kernel. */
export const concatKernels: readonly NativeKernel[] = [
  nativeKernel<Inputs, ConcatAttrs>(Concat, 'numbers', ({ inputs, attrs, backend }) => {
    const pieces = movablePieces(Object.values(inputs));
    const [first] = pieces ?? [];
    if (pieces === undefined || first === undefined) return undefined;
    const [axis = 0] = util.parseAxisParam(attrs.axis, first.shape);
    const total = pieces.reduce((sum, piece) => sum + (piece.shape[axis] ?? 0), 0);
    const isJoinable = pieces.every((piece) => util.arraysEqual(piece.shape.with(axis, 1), first.shape.with(axis, 1)));
    return isJoinable ? join(backend, pieces, axis, first.shape.with(axis, total)) : undefined;
  }),
  nativeKernel<Inputs, PackAttrs>(Pack, 'numbers', ({ inputs, attrs, backend }) => {
    const pieces = movablePieces(Object.values(inputs));
    const [first] = pieces ?? [];
    if (pieces === undefined || first === undefined) return undefined;
    const axis = attrs.axis < 0 ? attrs.axis + first.shape.length + 1 : attrs.axis;
    const isJoinable = pieces.every((piece) => util.arraysEqual(piece.shape, first.shape));
    return isJoinable ? join(backend, pieces, axis, first.shape.toSpliced(axis, 0, pieces.length)) : undefined;
  }),
];

// — internals —

function movablePieces(infos: readonly TensorInfo[]): MovableInfo[] | undefined {
  const pieces = infos.filter(isMovable);
  const isUniform = pieces.length === infos.length && pieces.every(({ dtype }) => dtype === pieces[0]?.dtype);
  return isUniform ? pieces : undefined;
}

/** Pieces as matrices [outer, width], side by side; outer counts the dimensions before the axis. */
function join(
  backend: BitwrightBackend,
  pieces: readonly MovableInfo[],
  axis: number,
  shape: readonly number[],
): TensorInfo {
  const { dtype } = pieces[0] as MovableInfo;
  const outer = util.sizeFromShape(shape.slice(0, axis));
  const { info, values } = backend.output(shape, dtype);
  concatNative(
    backend.native,
    outer,
    pieces.map((piece) => util.sizeFromShape(piece.shape) / outer),
    pieces.map((piece) => backend.values<typeof dtype>(piece)),
    values,
  );
  return info;
}
