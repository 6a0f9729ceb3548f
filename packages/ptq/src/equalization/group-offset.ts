import { DataType, type GraphEditor, tensorFromArray, tensorToFloat32 } from '@bitwright/onnx';
import type { GroupOffset } from './channel-groups';

/** Divides an added constant by the scale of its channels; a value shared by all channels becomes one per channel. */
export function scaleOffset(offset: GroupOffset, scale: Float64Array, edit: GraphEditor): void {
  mapOffset(offset, scale.length, edit, (value, channel) => value / (scale[channel] as number));
}

/** Rewrites an added constant channel by channel, under its own name where nobody else reads it. */
export function mapOffset(
  { node, input, axisFromRight, block }: GroupOffset,
  channels: number,
  edit: GraphEditor,
  map: (value: number, channel: number) => number,
): void {
  const name = node.input[input] ?? '';
  const tensor = edit.initializer(name);
  if (tensor === undefined) return;
  const size = channels * block;
  const dims = tensor.dims.map(Number);
  while (dims.length < -axisFromRight) dims.unshift(1);
  const axis = dims.length + axisFromRight;
  const isUniform = dims[axis] === 1;
  const shape = dims.map((dim, i) => (i === axis ? size : dim));
  const inner = shape.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const outer = shape.slice(0, axis).reduce((product, dim) => product * dim, 1);
  const values = tensorToFloat32(tensor);
  const mapped = new Float32Array(outer * size * inner);
  for (let o = 0, at = 0; o < outer; o++) {
    for (let c = 0; c < size; c++) {
      for (let i = 0; i < inner; i++) {
        const from = isUniform ? o * inner + i : at;
        mapped[at++] = map(values[from] as number, Math.floor(c / block));
      }
    }
  }
  const isOwn = edit.consumers(name).length === 1 && !edit.isOutput(name);
  const target = isOwn ? name : edit.uniqueName(`${name}_own`);
  const result = tensorFromArray(target, DataType.FLOAT, shape, mapped);
  if (isOwn) {
    edit.replaceInitializer(name, result);
    return;
  }
  edit.addInitializer(result);
  edit.setInput(node, input, target);
}
