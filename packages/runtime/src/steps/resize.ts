import { like } from '../convert-value';
import { denseStrides } from '../copy-strided';
import { indicesOf, intsOf, type OperatorLowering, only, refusal, type Step, textOf } from '../lowering';
import { memoryAxes, memoryShape } from '../value';
import { optionalReals } from './real-constant';

/** Resize by the nearest neighbour: it moves codes. Sizes and scales are computed in float32, as onnxruntime has them. */
export const resizing: OperatorLowering = {
  opTypes: ['Resize'],
  lower(context): Step {
    const { node } = context;
    const mode = textOf(node, 'mode', 'nearest');
    if (mode !== 'nearest') throw refusal(node, 'mode nearest', mode);
    const axes = intsOf(node, 'axes');
    if (axes !== undefined) throw refusal(node, 'all axes, without the attribute axes', `axes [${axes.join(',')}]`);
    const policy = textOf(node, 'keep_aspect_ratio_policy', 'stretch');
    if (policy !== 'stretch') throw refusal(node, 'keep_aspect_ratio_policy stretch', policy);
    const sizes = indicesOf(context, 3, 'sizes');
    const scales = optionalReals(context, 2)?.data;
    if (sizes === undefined && scales === undefined) throw refusal(node, 'constant sizes or scales', 'neither');
    const position = positionOf(textOf(node, 'coordinate_transformation_mode', 'half_pixel'), node);
    const round = roundingOf(textOf(node, 'nearest_mode', 'round_prefer_floor'), node);
    return (inputs, run) => {
      const x = only(inputs, node);
      const shape = x.shape.map((d, i) => sizes?.[i] ?? Math.floor(Math.fround(d * (scales?.[i] ?? 1))));
      const y = like(x, { shape, order: x.order }, run);
      const [from, to] = [memoryShape(x), memoryShape(y)];
      const strides = denseStrides(from);
      // Where the source of every index lies, axis by axis.
      const sources = memoryAxes(x).map((axis, k) => {
        const [size, target] = [from[k] as number, to[k] as number];
        const scale = scales?.[axis] ?? Math.fround(target / size);
        return Array.from({ length: target }, (_, i) => {
          const at = round(position(i, scale, size, target));
          return Math.min(Math.max(at, 0), size - 1) * (strides[k] as number);
        });
      });
      let at = 0;
      const walk = (axis: number, offset: number): void => {
        const list = sources[axis];
        if (list === undefined) {
          y.data[at++] = x.data[offset] as number;
          return;
        }
        for (const source of list) walk(axis + 1, offset + source);
      };
      walk(0, 0);
      return [y];
    };
  },
};

// — internals —

type Position = (i: number, scale: number, size: number, target: number) => number;

/** Positions in float32, as onnxruntime has them: next to a whole number, its rounding decides. @see ONNX Resize-19 */
function positionOf(mode: string, node: Parameters<typeof refusal>[0]): Position {
  switch (mode) {
    case 'asymmetric':
      return (i, scale) => Math.fround(i / scale);
    case 'half_pixel':
      return (i, scale) => Math.fround(Math.fround((i + 0.5) / scale) - 0.5);
    case 'pytorch_half_pixel':
      return (i, scale, _, target) => (target > 1 ? Math.fround(Math.fround((i + 0.5) / scale) - 0.5) : 0);
    case 'align_corners':
      return (i, _, size, target) => (target > 1 ? Math.fround((i * (size - 1)) / (target - 1)) : 0);
    default:
      throw refusal(node, 'asymmetric, half_pixel, pytorch_half_pixel or align_corners', mode);
  }
}

function roundingOf(mode: string, node: Parameters<typeof refusal>[0]): (x: number) => number {
  switch (mode) {
    case 'floor':
      return Math.floor;
    case 'ceil':
      return Math.ceil;
    case 'round_prefer_floor':
      return (x) => Math.ceil(x - 0.5);
    case 'round_prefer_ceil':
      return (x) => Math.floor(x + 0.5);
    default:
      throw refusal(node, 'floor, ceil, round_prefer_floor or round_prefer_ceil', mode);
  }
}
