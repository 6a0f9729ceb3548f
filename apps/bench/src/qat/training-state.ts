import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensor, type train } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** A training between two epochs: what a row needs to go on. */
export interface TrainingState {
  readonly epoch: number;
  readonly losses: readonly number[];
  readonly seconds: number;
  /** Percent of the test images right before training began. */
  readonly calibrated?: number;
  /** Where the last epoch ran. */
  readonly machine?: string;
}

type Momentum = ReturnType<typeof train.momentum>;

/** Variables of the model and, while training is to go on, the optimizer's momenta, in order, as float32. */
export async function saveState(
  folder: string,
  id: string,
  model: LayersModel,
  optimizer: Momentum,
  state: TrainingState,
  isFinal: boolean,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const momenta = (isFinal ? [] : await optimizer.getWeights()).slice(1).map(({ tensor: one }) => one);
  const parts = [...model.getWeights(), ...momenta].map((one) => one.dataSync<'float32'>());
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)));
  writeFileSync(join(folder, `${id}.bin.partial`), bytes);
  renameSync(join(folder, `${id}.bin.partial`), join(folder, `${id}.bin`));
  writeFileSync(join(folder, `${id}.json`), JSON.stringify(state));
}

/** Puts a saved state back; undefined when there is none. */
export async function loadState(
  folder: string,
  id: string,
  model: LayersModel,
  optimizer: Momentum,
): Promise<TrainingState | undefined> {
  const file = join(folder, `${id}.json`);
  if (!existsSync(file) || !existsSync(join(folder, `${id}.bin`))) return undefined;
  const bytes = readFileSync(join(folder, `${id}.bin`));
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  let at = 0;
  const take = (shape: readonly (number | null)[]) => {
    const size = shape.reduce<number>((product, d) => product * (d ?? 1), 1);
    const values = floats.subarray(at, at + size);
    at += size;
    return tensor(values.slice(), shape as number[]);
  };
  const weights = model.weights.map(({ shape }) => take(shape));
  model.setWeights(weights);
  for (const one of weights) one.dispose();
  if (at < floats.length) {
    const momenta = model.trainableWeights.map(({ shape, name }) => ({ name, tensor: take(shape) }));
    await optimizer.setWeights([{ name: 'iterations', tensor: tensor(0, [], 'int32') }, ...momenta]);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as TrainingState;
}
