import type { QuantizationSpec } from '@bitwright/core';
import { type GraphEditor, type Node, nodeLabel } from '@bitwright/onnx';
import {
  type ChannelLayer,
  floatConstant,
  isLayerType,
  readBias,
  readChannelLayer,
  writeBias,
} from '../equalization/channel-layer';
import { mapOffset } from '../equalization/group-offset';

/** A layer with quantized weights whose mean output can be corrected. */
export interface CorrectableLayer {
  readonly layer: ChannelLayer;
  /** Output of the layer's node. */
  readonly output: string;
  /** The Add that holds the bias of a MatMul; undefined where the layer has a bias input. */
  readonly add: { readonly node: Node; readonly constant: 0 | 1 } | undefined;
}

/** A layer that is left as it is, and why. */
export interface UncorrectedLayer {
  readonly node: string;
  readonly reason: string;
}

/** Layers of a model with integer weights in the spec, in topological order. */
export function findCorrectableLayers(
  edit: GraphEditor,
  spec: QuantizationSpec,
): { readonly layers: readonly CorrectableLayer[]; readonly skipped: readonly UncorrectedLayer[] } {
  const layers: CorrectableLayer[] = [];
  const skipped: UncorrectedLayer[] = [];
  for (const node of edit.nodes()) {
    if (!isLayerType(node) || spec.tensors[node.input[1] ?? '']?.role !== 'weight') continue;
    const layer = readChannelLayer(node, edit);
    const found = typeof layer === 'string' ? layer : withBias(layer, edit);
    if (typeof found === 'string') skipped.push({ node: nodeLabel(node), reason: found });
    else layers.push(found);
  }
  return { layers, skipped };
}

/** Subtracts a shift of the layer's output from its bias; returns the name of the bias, and whether it is new. */
export function subtractFromBias(
  { layer, add }: CorrectableLayer,
  shift: Float64Array,
  edit: GraphEditor,
): { readonly bias: string; readonly isAdded: boolean } {
  if (add !== undefined) {
    const bias = shiftAddend(add.node, add.constant, shift, edit);
    return { bias, isAdded: false };
  }
  const isAdded = (layer.node.input[layer.biasInput ?? 2] ?? '') === '';
  const corrected = readBias(layer, edit).map((b, c) => b - (shift[c] as number) / layer.biasFactor);
  return { bias: writeBias(layer, corrected, edit), isAdded };
}

// — internals —

function withBias(layer: ChannelLayer, edit: GraphEditor): CorrectableLayer | string {
  const output = layer.node.output[0] ?? '';
  if (layer.biasInput !== undefined) return { layer, output, add: undefined };
  const uses = edit.consumers(output);
  const [use] = uses;
  if (use === undefined || uses.length > 1 || use.scope !== '' || edit.isOutput(output) || use.node.opType !== 'Add')
    return 'it has no bias, and no Add of a constant follows';
  const constant = use.input === 0 ? 1 : 0;
  const tensor = floatConstant(use.node.input[constant], edit);
  const dims = tensor?.dims.map(Number) ?? [];
  const isRow = dims.length > 0 && dims.slice(0, -1).every((dim) => dim === 1) && dims.at(-1) === layer.outputs;
  return isRow
    ? { layer, output, add: { node: use.node, constant } }
    : 'what is added to it is not one row of channels';
}

function shiftAddend(node: Node, input: number, shift: Float64Array, edit: GraphEditor): string {
  mapOffset(
    { node, input, axisFromRight: -1, block: 1 },
    shift.length,
    edit,
    (value, c) => value - (shift[c] as number),
  );
  return node.input[input] ?? '';
}
