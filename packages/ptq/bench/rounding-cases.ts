import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cifar10, imagenet300, type LabelledSource } from './rounding-data';

/** A model with its calibration and test data. */
export interface RoundingCase {
  readonly model: string;
  readonly bytes: Uint8Array;
  /** Says what the numbers are measured on. */
  readonly data: string;
  load(input: string): Promise<{ readonly calibration: LabelledSource; readonly test: LabelledSource }>;
}

const imageNetImages = 300;

/** Cases by model file. Test data never overlap with calibration data. */
export function roundingCase(folder: string, model: string, calibrationImages: number): RoundingCase {
  const bytes = readFileSync(join(folder, 'models', `${model}.onnx`));
  if (model.endsWith('cifar10')) {
    return {
      model,
      bytes,
      data: `CIFAR-10: ${calibrationImages} training images for calibration, top-1 on the 10,000 test images`,
      load: async (input) => ({
        calibration: cifar10(folder, 'train', input, 0, calibrationImages),
        test: cifar10(folder, 'test', input, 0, 10_000),
      }),
    };
  }
  // Every third image is tested, the others calibrate: 100 test images, one standard error is about 4 points.
  const all = Array.from({ length: imageNetImages }, (_, i) => i);
  return {
    model,
    bytes,
    data: 'imagenet300: 200 images for calibration, top-1 on the other 100 (one standard error is about 4 points)',
    load: async (input) => ({
      calibration: await imagenet300(
        folder,
        input,
        all.filter((i) => i % 3 !== 0),
      ),
      test: await imagenet300(
        folder,
        input,
        all.filter((i) => i % 3 === 0),
      ),
    }),
  };
}
