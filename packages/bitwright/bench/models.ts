import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Folder with real models and data that the repository does not ship. */
export const sharedFolder: string = resolve(
  process.env['BITWRIGHT_SHARED'] ?? join(import.meta.dirname, '../../../../shared'),
);

/** A model of the measurement, its data, and what its int8 form must reach. */
export interface MeasuredModel {
  readonly name: string;
  readonly calibration: readonly string[];
  readonly calibrationSamples: number;
  readonly test: readonly string[];
  readonly labels: string;
  readonly preprocess?: string;
  readonly sampleShape?: readonly number[];
  readonly batch: number;
  /** Largest accepted loss of top-1, in points. */
  readonly maxDrop: number;
  readonly maxSizeShare?: number;
  readonly note?: string;
}

const data = (path: string): string => join(sharedFolder, 'data', path);

export const modelPath = (name: string): string => data(`models/${name}.onnx`);

const cifar = {
  calibration: [data('cifar10/train_images.u8')],
  calibrationSamples: 512,
  test: [data('cifar10/test_images.u8')],
  labels: data('cifar10/test_labels.u8'),
  preprocess: 'cifar',
  sampleShape: [32, 32, 3],
  batch: 32,
  maxDrop: 0.3,
} as const;

export const classifiers: readonly MeasuredModel[] = [
  { name: 'resnet20_cifar10', ...cifar, maxSizeShare: 0.34 },
  { name: 'resnet56_cifar10', ...cifar, maxSizeShare: 0.3 },
  {
    name: 'mobilenetv2_imagenet',
    calibration: [data('imagenet300')],
    calibrationSamples: 100,
    test: [data('imagenet300')],
    labels: data('imagenet300/labels.tsv'),
    preprocess: 'imagenet',
    batch: 8,
    maxDrop: 1,
    note: 'calibrated on the first 100 of the 300 test images: there are no others',
  },
  {
    name: 'kws_dscnn',
    calibration: [data('kws/features.npy')],
    calibrationSamples: 256,
    test: [data('kws/features.npy')],
    labels: data('kws/labels.u8'),
    batch: 32,
    maxDrop: 1,
    note: 'calibrated on the first 256 of the 1,000 test inputs: there are no others',
  },
];

export const hasSharedData: boolean = existsSync(data('models'));
