import type { Model, Node } from '@bitwright/onnx';
import type { Runtime } from '../session';
import type { Block } from './find-blocks';
import { layerConvolution } from './layer-window';
import { type Movement, movementOf } from './movement-map';
import { type PoolWindow, pooledShape, poolWindow } from './pool-step';
import type { SampleShape } from './slot';
import { movementTypes, poolTypes, type ShapedGraph } from './supported-nodes';

/** Sizes of every value of a block, and what its data movements do. */
export interface BlockShapes {
  readonly values: ReadonlyMap<string, SampleShape>;
  readonly movements: ReadonlyMap<Node, Movement>;
}

/** @param inputs shapes of the block's inputs */
export async function blockShapes(
  block: Block,
  inputs: ReadonlyMap<string, SampleShape>,
  model: Model,
  { index, shapes }: ShapedGraph,
  runtime: Runtime,
): Promise<BlockShapes> {
  const values = new Map(inputs);
  const movements = new Map<Node, Movement>();
  for (const node of block.nodes) {
    const [from, to] = [node.input[0] ?? '', node.output[0] ?? ''];
    const input = values.get(from) as SampleShape;
    const layer = block.layers.find((candidate) => candidate.node === node);
    if (layer !== undefined) {
      const { outHeight, outWidth, outChannels } = layerConvolution(layer, input, 1);
      values.set(to, { height: outHeight, width: outWidth, channels: outChannels });
    } else if (movementTypes.has(node.opType)) {
      const isVector = shapes.get(from)?.dims?.length === 2;
      const movement = await movementOf(node, input, isVector, model, index, runtime);
      movements.set(node, movement);
      values.set(to, movement.shape);
    } else if (node.opType === 'Concat') {
      const parts = node.input.map((name) => values.get(name) as SampleShape);
      values.set(to, { ...input, channels: parts.reduce((sum, { channels }) => sum + channels, 0) });
    } else if (poolTypes.has(node.opType)) {
      values.set(to, pooledShape(input, poolWindow(node) as PoolWindow));
    } else if (node.opType === 'GlobalAveragePool') {
      values.set(to, { height: 1, width: 1, channels: input.channels });
    } else {
      values.set(to, input);
    }
  }
  return { values, movements };
}
