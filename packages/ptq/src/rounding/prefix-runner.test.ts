import { DataType, tensorFromArray } from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { loadRuntime } from '../session';
import { residualNetwork, smoothSamples, values } from './__fixtures__/residual-network';
import { createPrefixRunner, type PrefixRunner } from './prefix-runner';

async function runner(cacheBytes: number): Promise<PrefixRunner> {
  return createPrefixRunner(residualNetwork(), {
    runtime: await loadRuntime(ort),
    source: smoothSamples(10, 1),
    batchSize: 4,
    samples: 9,
    cacheBytes,
    optimization: 'disabled',
  });
}

async function read(prefix: PrefixRunner, name: string): Promise<number[]> {
  const all: number[] = [];
  for await (const batch of prefix.pass([name])) all.push(...(batch[name]!.data as Float32Array));
  return all;
}

describe('createPrefixRunner', () => {
  it('gives the same values with and without keeping any between passes', async () => {
    const [cached, bare] = [await runner(1e9), await runner(0)];
    for (const name of ['x', 'b', 'c', 'f', 'y']) expect(await read(cached, name)).toEqual(await read(bare, name));
    expect((await read(cached, 'y')).length).toBe(9 * 4);
  });

  it('lets later nodes see a changed constant, while what has run already stays', async () => {
    const [changedBefore, changedAfter] = [await runner(1e9), await runner(1e9)];
    const tensor = tensorFromArray('stem.w', DataType.FLOAT, [6, 3, 3, 3], values(162, 77));
    const before = await read(changedAfter, 'b');
    changedAfter.setInitializer(tensor);
    changedBefore.setInitializer(tensor);
    expect(await read(changedBefore, 'b')).not.toEqual(before);
    const other = await runner(1e9);
    await read(other, 'b');
    expect(await read(changedAfter, 'd')).toEqual(await read(other, 'd'));
  });

  it('runs again from the inputs for a value that was not kept', async () => {
    const cached = await runner(1e9);
    const first = await read(cached, 'a');
    await read(cached, 'g');
    expect(await read(cached, 'a')).toEqual(first);
  });
});
