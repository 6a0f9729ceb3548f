import { basename, extname } from 'node:path';
import { ModelFormatError } from '@bitwright/core';
import { graphModelToOnnx, layersModelToOnnx, onnxToLayersFiles } from '@bitwright/export';
import { checkModel, decodeModel, encodeModel, type Model } from '@bitwright/onnx';
import { openModel } from '../model/open-model';
import { readWebModel, type WebModel } from './read-web-model';

export interface ConvertOptions {
  readonly opset: number | undefined;
  readonly images: 'channelsLast' | 'channelsFirst';
}

/** Files of a converted model, complete in memory. */
export interface ConvertedModel {
  readonly from: string;
  readonly to: string;
  /** In the order they should appear: a model file after the weight files it names. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Files that were read and must not be written. */
  readonly inputs: readonly string[];
  /** Nodes or layers written. */
  readonly parts: number;
  readonly notes: readonly string[];
}

/** Converts by the kind of the input: a TensorFlow.js model.json to ONNX, an .onnx file to a TensorFlow.js layers model. */
export async function convertModel(
  path: string,
  shown: string,
  stem: string,
  options: ConvertOptions,
): Promise<ConvertedModel> {
  return extname(path).toLowerCase() === '.json'
    ? toOnnx(path, shown, stem, options)
    : toLayers(path, shown, stem, options);
}

/** Name of the converted model without extension: that of the input, or of its folder where it is just called model.json. */
export function convertedStem(path: string, folder: string): string {
  const name = basename(path).replace(/\.(json|onnx)$/i, '');
  return name === 'model' && basename(folder) !== '' ? basename(folder) : name;
}

async function toOnnx(
  path: string,
  shown: string,
  stem: string,
  { opset, images }: ConvertOptions,
): Promise<ConvertedModel> {
  const { format, inputs, model } = await readOnnx(path, shown, { images, ...(opset === undefined ? {} : { opset }) });
  const bytes = encodeModel(model);
  const problem = checkModel(decodeModel(bytes)).find(({ severity }) => severity === 'error');
  if (problem !== undefined) {
    throw new ModelFormatError({
      operation: `[bitwright] convert ${shown}`,
      expected: 'a valid ONNX model',
      received: problem.message,
    });
  }
  return {
    from: `TensorFlow.js ${format}`,
    to: 'ONNX',
    files: [{ name: `${stem}.onnx`, bytes }],
    inputs,
    parts: model.graph?.node.length ?? 0,
    notes: [],
  };
}

/** The web model goes out of reach with this call: its weights and the encoded ones need not be in memory together. */
async function readOnnx(
  path: string,
  shown: string,
  options: { readonly images: ConvertOptions['images']; readonly opset?: number },
): Promise<{ readonly format: WebModel['format']; readonly inputs: readonly string[]; readonly model: Model }> {
  const { format, artifacts, files } = await readWebModel(path, shown);
  const convert = format === 'graph-model' ? graphModelToOnnx : layersModelToOnnx;
  return { format, inputs: files, model: convert(artifacts, options).model };
}

async function toLayers(
  path: string,
  shown: string,
  stem: string,
  { images }: ConvertOptions,
): Promise<ConvertedModel> {
  const opened = await openModel(path, shown);
  const { files, weights, customLayers } = onnxToLayersFiles(opened.model, { images, name: stem, weights: 'float32' });
  const names = customLayers.join(', ');
  return {
    from: 'ONNX',
    to: 'TensorFlow.js layers-model',
    files: files.map(({ path: name, bytes }) => ({ name, bytes })),
    inputs: [opened.path],
    parts: weights,
    notes: [
      ...(images === 'channelsLast' ? ['Images go in and come out channels last.'] : []),
      ...(customLayers.length === 0
        ? []
        : [`Call registerOnnxLayers(tf) of @bitwright/export before loading: the model uses ${names}.`]),
    ],
  };
}
