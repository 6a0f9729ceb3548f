import { trainedModelToQdq } from '@bitwright/export';
import { encodeModel } from '@bitwright/onnx';
import type { Qat } from '@bitwright/qat-plugin';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type ImageSet, imageSize, normalisedBatch } from './cifar10';
import { topOne } from './trainer';

/** The exported file beside the model that was trained. */
export interface ExportCheck {
  /** Percent of the test images that onnxruntime gets right with the QDQ file. */
  readonly topOne: number;
  /** Percent of the images where both predict the same class. */
  readonly agreement: number;
  readonly bytes: number;
}

/** Converts, writes ONNX QDQ, runs it in onnxruntime and compares with the predictions of the model in training. */
export async function checkExport(
  qat: Qat,
  images: ImageSet,
  trained: Int32Array,
  threads: number,
): Promise<ExportCheck> {
  const { model, spec } = qat.convert();
  const bytes = encodeModel(trainedModelToQdq(model, spec, { images: 'channelsLast' }).model);
  model.dispose();
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: threads, logSeverityLevel: 3 });
  const classes = new Int32Array(images.count);
  const size = 250;
  for (let start = 0; start < images.count; start += size) {
    const count = Math.min(size, images.count - start);
    const x = new Tensor('float32', normalisedBatch(images, start, count), [count, imageSize, imageSize, 3]);
    const outputs = await session.run({ [session.inputNames[0] as string]: x });
    const logits = outputs[session.outputNames[0] as string]?.data as Float32Array;
    for (let i = 0; i < count; i++) classes[start + i] = largest(logits.subarray(i * 10, i * 10 + 10));
  }
  await session.release();
  let same = 0;
  for (let i = 0; i < images.count; i++) if (classes[i] === trained[i]) same++;
  return { topOne: topOne(classes, images), agreement: (100 * same) / images.count, bytes: bytes.length };
}

function largest(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if ((scores[i] as number) > (scores[best] as number)) best = i;
  return best;
}
