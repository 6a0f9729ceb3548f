import { seededRandom } from '@bitwright/core';
import { layersModelToOnnx, onnxToLayersModel, registerOnnxLayers } from '@bitwright/export';
import { encodeModel } from '@bitwright/onnx';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import * as ort from 'onnxruntime-node';
import { architectures } from './architectures';
import { relativeError } from './classifiers';

export interface RoundTripRow {
  readonly architecture: string;
  readonly weights: number;
  /** Largest difference to TensorFlow.js over the largest output: ONNX in onnxruntime. */
  readonly onnx: number;
  /** The same for the model that came back to TensorFlow.js. */
  readonly back: number;
  readonly transposes: number;
}

/** tfjs → ONNX → tfjs with seeded weights, outputs compared at each stop. */
export async function measureRoundTrips(): Promise<RoundTripRow[]> {
  registerOnnxLayers({ ...tf, layers: tfl.layers, initializers: tfl.initializers });
  const rows: RoundTripRow[] = [];
  for (const [i, { name, build }] of architectures.entries()) {
    const model = build();
    const random = seededRandom(i + 1);
    for (const weight of model.weights) {
      const isVariance = weight.originalName.includes('variance');
      const count = weight.shape.reduce((product: number, size) => product * (size ?? 1), 1);
      weight.write(
        tf.tensor(
          Float32Array.from({ length: count }, () => (isVariance ? 0.5 + random.next() : random.next() - 0.5)),
          weight.shape as number[],
        ),
      );
    }
    const shape = (model.inputs[0]?.shape ?? []).map((size) => size ?? 2);
    const x = tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.next() * 2 - 1),
      shape,
    );
    const expected = (model.predict(x) as tf.Tensor).dataSync();
    const onnx = layersModelToOnnx(model).model;
    const session = await ort.InferenceSession.create(encodeModel(onnx), { logSeverityLevel: 3 });
    const result = await session.run({
      [session.inputNames[0] ?? '']: new ort.Tensor('float32', x.dataSync() as Float32Array, shape),
    });
    const output = result[session.outputNames[0] ?? '']?.data as Float32Array;
    await session.release();
    // The converted model was written channels last, so its image input comes back as it is.
    const { artifacts } = onnxToLayersModel(onnx, { images: 'channelsFirst' });
    const again = await tfl.loadLayersModel({ load: async () => artifacts as unknown as tf.io.ModelArtifacts });
    const back = relativeError((again.predict(x) as tf.Tensor).dataSync(), expected);
    const transposes = onnx.graph?.node.filter((node) => node.opType === 'Transpose').length ?? 0;
    rows.push({
      architecture: name,
      weights: model.countParams(),
      onnx: relativeError(output, expected),
      back,
      transposes,
    });
  }
  return rows;
}
