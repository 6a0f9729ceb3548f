import {
  createGraph,
  createMessage,
  createValueInfo,
  DataType,
  encodeModel,
  type GraphIndex,
  type Model,
  ModelSchema,
  type Node,
} from '@bitwright/onnx';
import type { FeedTensor } from '../feeds';
import type { Runtime } from '../session';
import { type SampleShape, sampleSize } from './slot';

/** Where the elements of a data movement come from. */
export interface Movement {
  readonly shape: SampleShape;
  /** Element of the input's sample per element of the output's; −1: zero. Both [height, width, channels]. */
  readonly source: Int32Array;
}

/**
 * Where every element of the result of a data movement comes from, found by running it once on the numbers 1, 2, 3 …
 *
 * @param model for its operator set
 */
export async function movementOf(
  node: Node,
  input: SampleShape,
  isVector: boolean,
  model: Model,
  index: GraphIndex,
  runtime: Runtime,
): Promise<Movement> {
  const { height, width, channels } = input;
  const [from, to] = [node.input[0] ?? '', node.output[0] ?? ''];
  const bytes = encodeModel(
    createMessage(ModelSchema, {
      irVersion: model.irVersion,
      opsetImport: model.opsetImport,
      graph: createGraph({
        name: 'movement',
        nodes: [node],
        inputs: [createValueInfo(from, DataType.FLOAT)],
        outputs: [createValueInfo(to, DataType.FLOAT)],
        initializers: node.input.slice(1).flatMap((name) => index.initializer(name) ?? []),
      }),
    }),
  );
  const session = await runtime.createSession(bytes, { optimization: 'disabled', threads: 1 });
  try {
    // Position p of channel c in [H,W,C] order carries the number 1 + p·C + c.
    const numbers = new Float32Array(sampleSize(input));
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < height * width; p++) numbers[c * height * width + p] = 1 + p * channels + c;
    }
    const dims = isVector ? [1, channels] : [1, channels, height, width];
    const results = await session.run({ [from]: { type: 'float32', data: numbers, dims } });
    return readMovement(results[to] as FeedTensor);
  } finally {
    await session.release();
  }
}

/** One movement after another: where the elements of the second's result come from in the first's input. */
export function composeMovements(first: Movement, second: Movement): Movement {
  return { shape: second.shape, source: second.source.map((at) => (at < 0 ? at : (first.source[at] as number))) };
}

// — internals —

function readMovement({ data, dims }: FeedTensor): Movement {
  const [, channels = 1, height = 1, width = 1] = dims;
  const positions = height * width;
  const source = new Int32Array(positions * channels);
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < positions; p++) source[p * channels + c] = Number(data[c * positions + p]) - 1;
  }
  return { shape: { height, width, channels }, source };
}
