import { layersModelToOnnx } from '@bitwright/export';
import { quantizeModel } from '@bitwright/ptq';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type ImageSet, imageSize, normalisedBatch, sliceOf } from './cifar10';

const calibrationImages = 1024;
const imagesPerFeed = 50;

/**
 * Post-training quantization of a float network (GPTQ rounding, ranges by least squared error, first and last layer 8 bits): top-1
 * of the exported file in onnxruntime, percent.
 */
export async function measureLevelTwo(
  network: LayersModel,
  bits: string,
  train: ImageSet,
  test: ImageSet,
): Promise<number> {
  const { model } = layersModelToOnnx(network);
  const input = String(model.graph?.input[0]?.name);
  const { report } = await quantizeModel(model, {
    calibration: feeds(sliceOf(train, 0, calibrationImages), input),
    samples: calibrationImages,
    target: 'ort-x64',
    bits,
    rounding: 'gptq',
    activationRange: 'mse',
    verifySamples: 0,
    latencyRuns: 0,
    evaluation: { samples: feeds(test, input), labels: test.labels },
  });
  return 100 * (report.evaluation?.quantized.top1 ?? Number.NaN);
}

/** Images as onnxruntime reads them, made when they are asked for. */
function feeds(images: ImageSet, input: string) {
  return {
    length: images.count,
    description: `${images.count} CIFAR-10 images`,
    async *batches(size: number) {
      const step = Math.min(size, imagesPerFeed);
      for (let start = 0; start < images.count; start += step) {
        const count = Math.min(step, images.count - start);
        const dims = [count, imageSize, imageSize, 3];
        yield { [input]: { type: 'float32' as const, data: normalisedBatch(images, start, count), dims } };
      }
    },
  };
}
