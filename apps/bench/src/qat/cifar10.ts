import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** Images and labels, raw: uint8 [count, 32, 32, 3] RGB. */
export interface ImageSet {
  readonly count: number;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

export const imageSize = 32;
export const imageFloats: number = imageSize * imageSize * 3;
const mean = [0.485, 0.456, 0.406];
const deviation = [0.229, 0.224, 0.225];

/** value[channel·256 + byte]: (byte/255 − mean)/deviation, the preprocessing the float model was trained with. */
const normalised: Float32Array = Float32Array.from(
  { length: 3 * 256 },
  (_, i) => ((i % 256) / 255 - (mean[Math.floor(i / 256)] as number)) / (deviation[Math.floor(i / 256)] as number),
);

/** A black image, normalised. */
const blackImage: Float32Array = Float32Array.from(
  { length: imageFloats },
  (_, i) => normalised[(i % 3) * 256] as number,
);

/** The first `count` images of a split of shared/data/cifar10. */
export function readImages(folder: string, split: 'train' | 'test', count: number): ImageSet {
  const read = (name: string, bytes: number): Uint8Array => {
    const data = new Uint8Array(bytes);
    const file = openSync(join(folder, `${split}_${name}.u8`), 'r');
    const got = readSync(file, data, 0, bytes, 0);
    closeSync(file);
    if (got !== bytes) throw new Error(`${split}_${name}.u8: expected ${bytes} bytes, received ${got}`);
    return data;
  };
  return { count, images: read('images', count * imageFloats), labels: read('labels', count) };
}

/** `count` images from `start` on; a view. */
export function sliceOf({ images, labels }: ImageSet, start: number, count: number): ImageSet {
  return {
    count,
    images: images.subarray(start * imageFloats, (start + count) * imageFloats),
    labels: labels.subarray(start, start + count),
  };
}

/** Images `start` to `start + size` as normalised float32 NHWC. */
export function normalisedBatch({ images }: ImageSet, start: number, size: number): Float32Array {
  const out = new Float32Array(size * imageFloats);
  const from = start * imageFloats;
  for (let i = 0; i < out.length; i++) {
    out[i] = normalised[(i % 3) * 256 + (images[from + i] as number)] as number;
  }
  return out;
}

/**
 * One training batch with the augmentation the float model was trained with: mirrored with probability ½, moved by −4…4 pixels in
 * each direction, black where nothing was. The black borders matter: with another colour there, the variances that its batch
 * normalization remembers are up to a third off, and training begins by unlearning them.
 */
export function augmentedBatch(set: ImageSet, indices: Uint32Array, random: () => number): Float32Array {
  const out = new Float32Array(indices.length * imageFloats);
  for (const [slot, index] of indices.entries()) {
    out.set(blackImage, slot * imageFloats);
    const isMirrored = random() < 0.5;
    const right = Math.floor(random() * 9) - 4;
    const down = Math.floor(random() * 9) - 4;
    for (let y = 0; y < imageSize; y++) {
      const fromY = y + down;
      if (fromY < 0 || fromY >= imageSize) continue;
      for (let x = 0; x < imageSize; x++) {
        const shifted = x + right;
        if (shifted < 0 || shifted >= imageSize) continue;
        const fromX = isMirrored ? imageSize - 1 - shifted : shifted;
        const to = slot * imageFloats + (y * imageSize + x) * 3;
        const from = index * imageFloats + (fromY * imageSize + fromX) * 3;
        for (let c = 0; c < 3; c++) {
          out[to + c] = normalised[c * 256 + (set.images[from + c] as number)] as number;
        }
      }
    }
  }
  return out;
}

/** 0 … count − 1 in random order (Fisher–Yates). */
export function shuffled(count: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const swap = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swap;
  }
  return order;
}
