import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Feeds, SampleSource } from '../src/feeds';

/** Samples with labels, readable again and again. */
export interface LabelledSource extends SampleSource {
  readonly length: number;
  readonly labels: Uint16Array;
}

const mean = [0.485, 0.456, 0.406];
const deviation = [0.229, 0.224, 0.225];

/** Folder with real models and data: $BITWRIGHT_SHARED, or `shared` beside the checkout. */
export function sharedFolder(): string {
  const candidates = [process.env['BITWRIGHT_SHARED'], join(import.meta.dirname, '../../../../shared')];
  const found = candidates.find((folder) => folder !== undefined && existsSync(join(folder, 'data')));
  if (found === undefined) throw new Error('no shared data: set BITWRIGHT_SHARED to the folder that has data/models');
  return join(found, 'data');
}

/** CIFAR-10 images as the ResNets expect them: x/255, less mean, over deviation, NCHW. */
export function cifar10(
  folder: string,
  part: 'train' | 'test',
  input: string,
  first: number,
  count: number,
): LabelledSource {
  const images = readFileSync(join(folder, 'cifar10', `${part}_images.u8`)).subarray(
    first * 3072,
    (first + count) * 3072,
  );
  const labels = readFileSync(join(folder, 'cifar10', `${part}_labels.u8`)).subarray(first, first + count);
  return pixelSource(input, images, 32, labels, `CIFAR-10 ${part} ${first}…${first + count - 1}`);
}

/** ImageNet images, centre crop 224; indices into the sorted list of files. */
export async function imagenet300(folder: string, input: string, indices: readonly number[]): Promise<LabelledSource> {
  const { default: sharp } = await import('sharp');
  const size = 224;
  const root = join(folder, 'imagenet300');
  const files = readdirSync(root)
    .filter((name) => name.endsWith('.jpg'))
    .sort();
  const labelOf = new Map(
    readFileSync(join(root, 'labels.tsv'), 'utf8')
      .trim()
      .split('\n')
      .map((line): [string, number] => {
        const [name = '', label] = line.split('\t');
        return [name, Number(label)];
      }),
  );
  const pixels = new Uint8Array(indices.length * size * size * 3);
  const labels = new Uint16Array(indices.length);
  for (const [position, i] of indices.entries()) {
    const name = files[i] as string;
    const image = sharp(join(root, name));
    const { width = size, height = size } = await image.metadata();
    const crop = await image
      .extract({ left: (width - size) >> 1, top: (height - size) >> 1, width: size, height: size })
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer();
    pixels.set(crop, position * size * size * 3);
    labels[position] = labelOf.get(name) ?? -1;
  }
  return pixelSource(input, pixels, size, labels, `imagenet300, ${indices.length} images`);
}

function pixelSource(
  input: string,
  pixels: Uint8Array,
  size: number,
  labels: ArrayLike<number>,
  description: string,
): LabelledSource {
  const plane = size * size;
  const length = labels.length;
  return {
    length,
    labels: Uint16Array.from(labels),
    description,
    async *batches(batchSize): AsyncGenerator<Feeds> {
      for (let first = 0; first < length; first += batchSize) {
        const count = Math.min(batchSize, length - first);
        const data = new Float32Array(count * 3 * plane);
        for (let n = 0; n < count; n++) {
          for (let c = 0; c < 3; c++) {
            const to = (n * 3 + c) * plane;
            const from = (first + n) * plane * 3 + c;
            for (let i = 0; i < plane; i++) {
              data[to + i] = ((pixels[from + i * 3] as number) / 255 - (mean[c] as number)) / (deviation[c] as number);
            }
          }
        }
        yield { [input]: { type: 'float32', data, dims: [count, 3, size, size] } };
      }
    },
  };
}
