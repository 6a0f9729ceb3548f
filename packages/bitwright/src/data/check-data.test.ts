import type { Feeds, FeedTensor, SampleSource } from '@bitwright/ptq';
import { describe, expect, it } from 'vitest';
import { checkData } from './check-data';
import { preprocessPresets } from './preprocess';
import { createRandom } from './seeded-random';

function source(count: number, sample: (index: number) => FeedTensor): SampleSource {
  return {
    length: count,
    description: 'made up',
    async *batches(): AsyncGenerator<Feeds> {
      for (let index = 0; index < count; index++) yield { x: sample(index) };
    },
  };
}
const random = createRandom(5);
const noise = (dims: number[], value: () => number = random): FeedTensor => ({
  type: 'float32',
  dims,
  data: Float32Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, value),
});
const codes = async (samples: SampleSource, options = {}): Promise<string[]> =>
  (await checkData(samples, options)).warnings.map((warning) => warning.code);

/** A smooth image whose channels differ, planar or (wrongly) interleaved under planar sizes. */
function picture(index: number, interleaved: boolean): FeedTensor {
  const size = 16;
  const data = new Float32Array(3 * size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const value = channel + 0.05 * x + 0.03 * y + 0.01 * index;
        data[interleaved ? (y * size + x) * 3 + channel : (channel * size + y) * size + x] = value;
      }
    }
  }
  return { type: 'float32', dims: [1, 3, size, size], data };
}

describe('checkData', () => {
  it('has nothing to say about ordinary data, and describes them', async () => {
    const check = await checkData(source(100, (index) => picture(index, false)));
    expect(check.warnings).toEqual([]);
    expect(check.samples).toBe(64);
    expect(check.inputs[0]).toMatchObject({ input: 'x', type: 'float32', dims: [1, 3, 16, 16], min: 0 });
    expect(check.inputs[0]?.mean).toBeCloseTo(1 + 0.05 * 7.5 + 0.03 * 7.5 + 0.01 * 31.5, 5);
  });

  it('stops at NaN and infinities, naming input, sample and count', async () => {
    const bad = source(40, (index) => {
      const tensor = noise([1, 10]);
      if (index === 7) tensor.data.fill(Number.NaN as never, 2, 5);
      return tensor;
    });
    await expect(checkData(bad)).rejects.toThrow(
      /finite values for input 'x', received 3 of 10 NaN or infinite in sample 7, the first \(NaN\) at element 2/,
    );
    await expect(checkData(bad)).rejects.toMatchObject({ code: 'ERR_NON_FINITE_DATA' });
    const half = source(40, () => ({ type: 'float16', dims: [1, 1], data: Uint16Array.of(0x7c00) }));
    await expect(checkData(half)).rejects.toThrow(/Infinity/);
  });

  it('warns about too few, constant, identical and empty-looking samples', async () => {
    expect(await codes(source(5, () => noise([1, 8])))).toEqual(['few-samples']);
    expect(await codes(source(40, () => noise([1, 8], () => 0.5)))).toEqual(['constant-input']);
    const same = noise([1, 8]);
    expect(await codes(source(40, () => same))).toEqual(['identical-samples']);
    const gaps = source(40, (index) => (index % 4 === 0 ? noise([1, 8], () => 0) : noise([1, 8])));
    expect(await codes(gaps)).toEqual(['constant-samples']);
  });

  it('warns about unprocessed pixels in a float input, unless they are meant', async () => {
    const pixels = source(40, () => noise([1, 3, 4, 4], () => Math.floor(random() * 256)));
    expect(await codes(pixels)).toEqual(['raw-pixels']);
    expect(await codes(pixels, { preprocess: preprocessPresets.none })).toEqual([]);
    const bytes = source(40, () => ({
      type: 'uint8',
      dims: [1, 3, 4, 4],
      data: Uint8Array.from({ length: 48 }, () => 255 * random()),
    }));
    expect(await codes(bytes)).toEqual([]);
  });

  it('warns about channels on the wrong axis', async () => {
    expect(await codes(source(40, (index) => picture(index, true)))).toEqual(['suspicious-layout']);
    const last = source(40, () => noise([1, 20, 20, 3]));
    const free = [{ name: 'x', type: 'float32', dims: ['N', 'C', 'H', 'W'] }];
    expect(await codes(last, { inputs: free })).toEqual(['suspicious-layout']);
    const declared = [{ name: 'x', type: 'float32', dims: ['N', 20, 20, 3] }];
    expect(await codes(last, { inputs: declared })).toEqual([]);
  });

  it('takes token ids as they are', async () => {
    const tokens = source(40, (index) => ({ type: 'int64', dims: [1, 2], data: BigInt64Array.of(BigInt(index), 5n) }));
    expect(await codes(tokens)).toEqual([]);
  });
});
