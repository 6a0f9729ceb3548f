import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputDataError, InvalidArgumentError } from '@bitwright/core';
import { io } from '@tensorflow/tfjs-core';

/**
 * Saves and loads a TensorFlow.js model in a folder, without tfjs-node: `await model.save(fileSystem('out'))`,
 * `await tf.loadLayersModel(fileSystem('out'))`. The files are the usual model.json and weights.bin, which every TensorFlow.js
 * reads. model.json is written last and renamed into place, so an interrupted save leaves the old model or none.
 */
export function fileSystem(folder: string): io.IOHandler {
  const manifest = join(folder, 'model.json');
  const weights = join(folder, 'weights.bin');
  return {
    async save(artifacts) {
      const { modelTopology, weightSpecs = [], weightData, ...rest } = artifacts;
      if (modelTopology === undefined || modelTopology instanceof ArrayBuffer) {
        throw new InvalidArgumentError({
          operation: '[qat-plugin] fileSystem',
          expected: 'a model with a JSON topology',
          received: modelTopology === undefined ? 'none' : 'binary data',
        });
      }
      await mkdir(folder, { recursive: true });
      const data = weightData === undefined ? new ArrayBuffer(0) : io.CompositeArrayBuffer.join(weightData);
      await replace(weights, new Uint8Array(data));
      const json = { ...rest, modelTopology, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] };
      await replace(manifest, `${JSON.stringify(json)}\n`);
      return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
    },
    async load() {
      const text = await readFile(manifest, 'utf8').catch((cause: unknown) => {
        throw unreadable(manifest, cause);
      });
      const { weightsManifest, ...rest } = parse(text, manifest);
      const bytes = await readFile(weights).catch((cause: unknown) => {
        throw unreadable(weights, cause);
      });
      const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
      return { ...rest, weightSpecs: weightsManifest.flatMap((group) => group.weights), weightData };
    },
  };
}

// — internals —

type Manifest = Omit<io.ModelArtifacts, 'weightSpecs' | 'weightData'> & {
  readonly weightsManifest: io.WeightsManifestConfig;
};

/** Writes beside the file, then renames: readers see the old content or the new. */
async function replace(path: string, content: string | Uint8Array): Promise<void> {
  const partial = `${path}.partial`;
  await writeFile(partial, content);
  await rename(partial, path);
}

function parse(text: string, path: string): Manifest {
  try {
    const json = JSON.parse(text) as Manifest;
    if (Array.isArray(json.weightsManifest)) return json;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw unreadable(path, new Error('it has no weightsManifest'));
}

function unreadable(path: string, cause: unknown): InputDataError {
  return new InputDataError({
    operation: '[qat-plugin] fileSystem',
    expected: `a saved TensorFlow.js model at ${path}`,
    received: cause instanceof Error ? cause.message : String(cause),
    cause,
  });
}
