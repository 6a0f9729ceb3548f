/**
 * Quantization-aware training in a minute: a small network learns handwritten digits in float, is rounded to 2 bits without
 * training (which ruins it), is trained with 2-bit weights and activations, and predicts the same as an ONNX file. Run with
 * `npm run build && node examples/qat/run.mjs [folder]`; the folder receives the trained model, resumable, and the QDQ file.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { trainedModelToQdq } from '@bitwright/export';
import { encodeModel } from '@bitwright/onnx';
import { formatSummary, learningRate, lsq, prepareQat, summarize } from '@bitwright/qat-plugin';
import { fileSystem } from '@bitwright/qat-plugin/node';
import { useNativeBackend } from '@bitwright/tfjs-backend';
import { argMax, losses, oneHot, slice, tensor1d, tensor2d, tensor4d, train } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { renderTrainingData } from '../demo/digits.mjs';

const folder = process.argv[2] ?? join(fileURLToPath(new URL('.', import.meta.url)), '../../demo-output/qat');
const write = process.stderr.isTTY ? (text) => process.stderr.write(text) : undefined;

await useNativeBackend();
const { training, test } = renderTrainingData(1);
const [levels] = training.variants;
const images = toTensor(levels);
const labels = oneHot(tensor1d(Int32Array.from(training.labels), 'int32'), 10);
const testImages = toTensor(test.levels);

const model = sequential({
  layers: [
    convolution(16, { inputShape: [28, 28, 1] }),
    layers.batchNormalization({ momentum: 0.9 }),
    layers.reLU(),
    convolution(32),
    layers.batchNormalization({ momentum: 0.9 }),
    layers.reLU(),
    convolution(32),
    layers.batchNormalization({ momentum: 0.9 }),
    layers.reLU(),
    layers.flatten(),
    layers.dense({ units: 10 }),
  ],
});
model.compile({ optimizer: train.adam(0.003), loss: (y, logits) => losses.softmaxCrossEntropy(y, logits) });
await model.fit(images, labels, { epochs: 8, batchSize: 64, verbose: 0 });
print(`float                       ${accuracy(model)}`);

const qat = prepareQat(model, {
  target: 'academic',
  weights: lsq({ bits: 2 }),
  activations: lsq({ bits: 2 }),
});
await qat.calibrate(slice(images, [0], [512]));
print(`2 bits, calibrated only     ${accuracy(qat.model)}`);

qat.model.compile({ optimizer: train.adam(0.003), loss: (y, logits) => losses.softmaxCrossEntropy(y, logits) });
const callbacks = qat.callbacks({ learningRate: learningRate({ peak: 0.003, warmUp: 0.05 }), write });
await qat.model.fit(images, labels, { epochs: 4, batchSize: 64, verbose: 0, callbacks });
print(`2 bits, trained 4 epochs    ${accuracy(qat.model)}`);

await qat.model.save(fileSystem(join(folder, 'training')));
const { model: converted, spec } = qat.convert();
const qdq = encodeModel(trainedModelToQdq(converted, spec).model);
await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'digits.2bit.onnx'), qdq);
print(`as ONNX in onnxruntime      ${await agreement(qdq)}`);
print(
  `\n${formatSummary(summarize(qat.model))}\nwritten to ${folder}: training/ (resumable), digits.2bit.onnx (${qdq.length} bytes)`,
);

function convolution(filters, more = {}) {
  return layers.conv2d({ filters, kernelSize: 3, strides: 2, padding: 'same', useBias: false, ...more });
}

function toTensor(bytes) {
  return tensor4d(
    Float32Array.from(bytes, (level) => level / 255),
    [bytes.length / 784, 28, 28, 1],
  );
}

function accuracy(network) {
  const answers = argMax(network.predict(testImages, { batchSize: 500 }), 1).dataSync();
  const right = answers.filter((answer, i) => answer === test.labels[i]).length;
  return `${((100 * right) / answers.length).toFixed(2)} % of ${answers.length} test digits`;
}

/** In how many digits onnxruntime, with its default optimizations, predicts what the trained model does. */
async function agreement(file) {
  const session = await InferenceSession.create(file);
  const x = new OnnxTensor('float32', testImages.dataSync(), testImages.shape);
  const { [session.outputNames[0]]: logits } = await session.run({ [session.inputNames[0]]: x });
  const exported = argMax(tensor2d(logits.data, logits.dims), 1).dataSync();
  const trained = argMax(qat.model.predict(testImages, { batchSize: 500 }), 1).dataSync();
  const equal = exported.filter((answer, i) => answer === trained[i]).length;
  return `${equal} of ${trained.length} predictions equal`;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
