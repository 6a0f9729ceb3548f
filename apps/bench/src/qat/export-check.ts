import type { AnyQuantizationSpec } from '@bitwright/core';
import { trainedModelToQdq } from '@bitwright/export';
import { encodeModel } from '@bitwright/onnx';
import type { Qat } from '@bitwright/qat-plugin';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { binaryConverters } from './binary-converters';
import { type ImageSet, imageSize, normalisedBatch } from './cifar10';
import { topOne } from './trainer';

/** The exported file beside the model that was trained. */
export interface ExportCheck {
  /** Percent of the test images that onnxruntime gets right with the QDQ file. */
  readonly topOne: number;
  /** Percent of the images where both predict the same class. */
  readonly agreement: number;
  /**
   * The same with onnxruntime's own rewriting to integer kernels, which also rounds float biases to int32 in steps of
   * scale(x)·scale(w): coarse at 4 bits.
   */
  readonly rewritten: { readonly topOne: number; readonly agreement: number };
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
  const options = { images: 'channelsLast', converters: binaryConverters } as const;
  const bytes = encodeModel(trainedModelToQdq(model, withoutSigns(spec), options).model);
  model.dispose();
  const asWritten = await classesOf(bytes, images, {
    extra: { session: { disable_quant_qdq: '1' } },
    intraOpNumThreads: threads,
  });
  const rewritten = await classesOf(bytes, images, { intraOpNumThreads: threads });
  return {
    topOne: topOne(asWritten, images),
    agreement: agreement(asWritten, trained),
    rewritten: { topOne: topOne(rewritten, images), agreement: agreement(rewritten, trained) },
    bytes: bytes.length,
  };
}

/** One-bit activations stay in the network as layers, which have a converter; the spec need not bring their signs. */
function withoutSigns(spec: AnyQuantizationSpec): AnyQuantizationSpec {
  const tensors = Object.entries(spec.tensors).filter(([, { scheme }]) => scheme.kind !== 'binary');
  return { ...spec, tensors: Object.fromEntries(tensors) };
}

/** Classes that onnxruntime predicts. */
async function classesOf(
  model: Uint8Array,
  images: ImageSet,
  options: InferenceSession.SessionOptions,
): Promise<Int32Array> {
  const session = await InferenceSession.create(model, { logSeverityLevel: 3, ...options });
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
  return classes;
}

function agreement(a: Int32Array, b: Int32Array): number {
  let same = 0;
  for (let i = 0; i < a.length; i++) if (a[i] === b[i]) same++;
  return (100 * same) / a.length;
}

function largest(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if ((scores[i] as number) > (scores[best] as number)) best = i;
  return best;
}
