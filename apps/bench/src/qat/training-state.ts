import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { BenchOptimizer } from './trainer';

/** A training between two epochs: what a row needs to go on. */
export interface TrainingState {
  readonly epoch: number;
  /** Updates made so far, for optimizers that count them. */
  readonly steps?: number;
  readonly losses: readonly number[];
  readonly seconds: number;
  /** Percent of the test images right before training began. */
  readonly calibrated?: number;
  /** Where the last epoch ran. */
  readonly machine?: string;
}

/** Variables of the model and, while training is to go on, the optimizer's moments, in order, as float32. */
export async function saveState(
  folder: string,
  id: string,
  model: LayersModel,
  optimizer: BenchOptimizer,
  state: TrainingState,
  isFinal: boolean,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const moments = (isFinal ? [] : await optimizer.getWeights()).slice(1).map(({ tensor: one }) => one);
  const parts = [...model.getWeights(), ...moments].map((one) => one.dataSync<'float32'>());
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
  optimizer: BenchOptimizer,
): Promise<TrainingState | undefined> {
  const file = join(folder, `${id}.json`);
  if (!existsSync(file) || !existsSync(join(folder, `${id}.bin`))) return undefined;
  const state = JSON.parse(readFileSync(file, 'utf8')) as TrainingState;
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
  const moments: { name: string; tensor: Tensor }[] = [];
  while (at < floats.length) {
    for (const { shape, name } of model.trainableWeights) moments.push({ name, tensor: take(shape) });
  }
  if (moments.length > 0) {
    await optimizer.setWeights([{ name: 'iterations', tensor: tensor(state.steps ?? 0, [], 'int32') }, ...moments]);
  }
  return state;
}
