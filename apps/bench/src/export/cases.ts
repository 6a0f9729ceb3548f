import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { SampleSource } from '@bitwright/ptq';

/** Samples of one model: inputs in ONNX order, and labels where the model classifies. */
export interface SampleSet {
  readonly count: number;
  readonly dims: readonly number[];
  /** Samples `start` to `start + size`, one after the other. */
  batch(start: number, size: number): Float32Array;
  readonly labels?: ArrayLike<number>;
}

export interface ExportCase {
  readonly model: string;
  readonly input: string;
  readonly output: string;
  /** What calibrates and what is measured, in words. */
  readonly data: string;
  readonly batch: number;
  /** How often calibration and test samples change roles, so that few samples are tested all. Default 1. */
  readonly folds?: number;
  load(folder: string, fold?: number): Promise<{ readonly calibration: SampleSet; readonly test: SampleSet }>;
}

/** The float model of a case, as it lies in its file. */
export function modelFile({ model }: ExportCase, folder: string): Uint8Array {
  return readFileSync(join(folder, 'models', `${model}.onnx`));
}

/** Samples as calibration takes them, in batches of at most the case's: some models fix theirs. */
export function asSource({ input, batch }: ExportCase, set: SampleSet): SampleSource {
  return {
    length: set.count,
    description: `${set.count} samples`,
    async *batches(wanted) {
      const size = Math.min(wanted, batch);
      for (let start = 0; start < set.count; start += size) {
        const n = Math.min(size, set.count - start);
        yield { [input]: { type: 'float32', data: set.batch(start, n), dims: [n, ...set.dims] } };
      }
    },
  };
}

const mean = [0.485, 0.456, 0.406];
const deviation = [0.229, 0.224, 0.225];

function cifarCase(model: string, tested: number): ExportCase {
  return {
    model,
    input: 'input',
    output: 'logits',
    data: `CIFAR-10: 512 training images calibrate, ${tested} test images`,
    batch: 50,
    load: async (folder) => ({
      calibration: pixels(join(folder, 'cifar10'), 'train', 512),
      test: pixels(join(folder, 'cifar10'), 'test', tested),
    }),
  };
}

function pixels(folder: string, split: string, count: number): SampleSet {
  const size = 3 * 32 * 32;
  const bytes = new Uint8Array(count * size);
  const file = openSync(join(folder, `${split}_images.u8`), 'r');
  readSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
  const labels = readFileSync(join(folder, `${split}_labels.u8`)).subarray(0, count);
  return { count, dims: [3, 32, 32], labels, batch: (start, n) => normalized(bytes, 32 * 32, start, n) };
}

/** uint8 NHWC to (x/255 − mean)/deviation, NCHW. */
function normalized(bytes: Uint8Array, plane: number, start: number, count: number): Float32Array {
  const out = new Float32Array(count * 3 * plane);
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < 3; c++) {
      const from = (start + n) * plane * 3 + c;
      const to = (n * 3 + c) * plane;
      for (let i = 0; i < plane; i++) {
        out[to + i] = ((bytes[from + 3 * i] as number) / 255 - (mean[c] as number)) / (deviation[c] as number);
      }
    }
  }
  return out;
}

/** ImageNet photographs as bytes, cropped to a square or stretched to a size. */
async function photographs(
  folder: string,
  indices: readonly number[],
  width: number,
  height: number,
): Promise<{ bytes: Uint8Array; labels: number[] }> {
  const { default: sharp } = await import('sharp');
  const root = join(folder, 'imagenet300');
  const files = readdirSync(root)
    .filter((name) => name.endsWith('.jpg'))
    .sort();
  const lines = readFileSync(join(root, 'labels.tsv'), 'utf8').trim().split('\n');
  const labelOf = new Map(lines.map((line) => line.split('\t') as [string, string]));
  const bytes = new Uint8Array(indices.length * width * height * 3);
  const labels: number[] = [];
  for (const [slot, i] of indices.entries()) {
    const name = files[i] ?? '';
    const image = sharp(join(root, name)).removeAlpha().toColourspace('srgb');
    const { width: w = width, height: h = height } = await image.metadata();
    const part =
      width === height
        ? image.extract({ left: (w - width) >> 1, top: (h - height) >> 1, width, height })
        : image.resize(width, height, { fit: 'fill' });
    bytes.set(await part.raw().toBuffer(), slot * width * height * 3);
    labels.push(Number(labelOf.get(name) ?? -1));
  }
  return { bytes, labels };
}

const mobilenet: ExportCase = {
  model: 'mobilenetv2_imagenet',
  input: 'input',
  output: 'logits',
  data: 'imagenet300 in three parts: 200 images calibrate, the other 100 are tested, three times over',
  batch: 10,
  folds: 3,
  async load(folder, fold = 0) {
    const of = async (keep: (i: number) => boolean): Promise<SampleSet> => {
      const indices = Array.from({ length: 300 }, (_, i) => i).filter(keep);
      const { bytes, labels } = await photographs(folder, indices, 224, 224);
      return {
        count: indices.length,
        dims: [3, 224, 224],
        labels,
        batch: (start, n) => normalized(bytes, 224 * 224, start, n),
      };
    };
    return { calibration: await of((i) => i % 3 !== fold), test: await of((i) => i % 3 === fold) };
  },
};

const keywords: ExportCase = {
  model: 'kws_dscnn',
  input: 'input',
  output: 'logits',
  data: 'Speech Commands features: 200 calibrate, the other 800 are tested',
  batch: 50,
  async load(folder) {
    const file = readFileSync(join(folder, 'kws', 'features.npy'));
    const start = 10 + file.readUInt16LE(8);
    const data = new Float32Array(file.buffer.slice(file.byteOffset + start, file.byteOffset + file.length));
    const labels = readFileSync(join(folder, 'kws', 'labels.u8'));
    const part = (first: number, count: number): SampleSet => ({
      count,
      dims: [1, 49, 10],
      labels: labels.subarray(first, first + count),
      batch: (from, n) => data.slice((first + from) * 490, (first + from + n) * 490),
    });
    return { calibration: part(0, 200), test: part(200, 800) };
  },
};

const faces: ExportCase = {
  model: 'ultraface_rfb320',
  input: 'input',
  output: 'scores',
  data: 'imagenet300 stretched to 320×240: 64 images calibrate, 32 others are compared with float',
  batch: 1,
  async load(folder) {
    const of = async (first: number, count: number): Promise<SampleSet> => {
      const { bytes } = await photographs(
        folder,
        Array.from({ length: count }, (_, i) => first + i),
        320,
        240,
      );
      const plane = 320 * 240;
      return {
        count,
        dims: [3, 240, 320],
        batch: (start, n) => {
          const out = new Float32Array(n * 3 * plane);
          for (let k = 0; k < n * 3 * plane; k++) {
            const [image, rest] = [Math.floor(k / (3 * plane)), k % (3 * plane)];
            const [c, i] = [Math.floor(rest / plane), rest % plane];
            out[k] = ((bytes[((start + image) * plane + i) * 3 + c] as number) - 127) / 128;
          }
          return out;
        },
      };
    };
    return { calibration: await of(0, 64), test: await of(100, 32) };
  },
};

export const exportCases: readonly ExportCase[] = [
  cifarCase('resnet20_cifar10', 10_000),
  cifarCase('resnet56_cifar10', 10_000),
  mobilenet,
  keywords,
  faces,
];
