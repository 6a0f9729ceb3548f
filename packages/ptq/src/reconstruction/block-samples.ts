import { InputDataError } from '@bitwright/core';
import type { FeedTensor } from '../feeds';
import type { PrefixRunner } from '../rounding/prefix-runner';
import { channelsLast } from './channels-last';
import type { Block } from './find-blocks';
import { type SampleShape, sampleSize } from './slot';

/** What a block sees of every calibration sample, [count, height, width, channels] each. */
export interface BlockSamples {
  readonly count: number;
  readonly shapes: ReadonlyMap<string, SampleShape>;
  /** Inputs as the float model gives them, by name. */
  readonly float: ReadonlyMap<string, Float32Array>;
  /** Inputs as the quantized layers before the block give them. */
  readonly quantized: ReadonlyMap<string, Float32Array>;
  /** The block's output in the float model. */
  readonly target: Float32Array;
}

/**
 * Runs both prefixes over the samples and keeps what a block reads and is to give.
 *
 * @param clamp bounds that the float model applies to a value and the quantized one may leave to its quantizer
 * @throws {InputDataError} when samples differ in shape
 */
export async function collectBlockSamples(
  block: Block,
  float: PrefixRunner,
  quantized: PrefixRunner,
  clamp: (name: string) => { readonly min: number; readonly max: number } | undefined,
): Promise<BlockSamples> {
  const exact = await readAll(float, [...block.inputs, block.output]);
  const rough = await readAll(quantized, block.inputs);
  for (const name of block.inputs) {
    const bounds = clamp(name);
    const values = rough.values.get(name);
    if (bounds === undefined || values === undefined) continue;
    for (let i = 0; i < values.length; i++) {
      const v = values[i] as number;
      values[i] = v < bounds.min ? bounds.min : v > bounds.max ? bounds.max : v;
    }
  }
  const target = exact.values.get(block.output) as Float32Array;
  return { count: exact.count, shapes: exact.shapes, float: exact.values, quantized: rough.values, target };
}

// — internals —

interface Collected {
  readonly count: number;
  readonly shapes: ReadonlyMap<string, SampleShape>;
  readonly values: ReadonlyMap<string, Float32Array>;
}

async function readAll(runner: PrefixRunner, names: readonly string[]): Promise<Collected> {
  const parts = new Map<string, Float32Array[]>(names.map((name) => [name, []]));
  const shapes = new Map<string, SampleShape>();
  let count = 0;
  for await (const values of runner.pass(names)) {
    for (const name of names) {
      const tensor = values[name] as FeedTensor;
      const shape = shapeOf(tensor);
      const known = shapes.get(name) ?? shape;
      if (known.height !== shape.height || known.width !== shape.width || known.channels !== shape.channels) {
        throw new InputDataError({
          operation: `[ptq] reconstructBlocks "${name}"`,
          expected: `samples of one shape, [${known.channels},${known.height},${known.width}]`,
          received: `[${tensor.dims.slice(1).join(',')}]`,
          hint: 'Block reconstruction needs samples of equal size.',
        });
      }
      shapes.set(name, shape);
      parts.get(name)?.push(channelsLast(tensor.data as Float32Array, shape));
    }
    count += values[names[0] ?? '']?.dims[0] ?? 0;
  }
  const joined = [...parts].map(([name, list]): [string, Float32Array] => {
    const all = new Float32Array(count * sampleSize(shapes.get(name) ?? { height: 0, width: 0, channels: 0 }));
    let at = 0;
    for (const part of list) {
      all.set(part, at);
      at += part.length;
    }
    list.length = 0;
    return [name, all];
  });
  return { count, shapes, values: new Map(joined) };
}

function shapeOf({ dims }: FeedTensor): SampleShape {
  const [, channels = 1, height = 1, width = 1] = dims;
  return { height, width, channels };
}
