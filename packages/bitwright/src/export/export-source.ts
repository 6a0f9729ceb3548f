import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { InputDataError, QuantError, type QuantizationSpec, specFromJson } from '@bitwright/core';
import { readQdq } from '@bitwright/export';
import type { Model } from '@bitwright/onnx';
import { prepareModel } from '@bitwright/ptq';
import { hashFile, openModel } from '../model/open-model';
import { changedWeights } from './changed-weights';

/** What exporters take, and where it came from. */
export interface ExportSource {
  readonly model: Model;
  readonly spec: QuantizationSpec;
  /** Stem of the files to write: the model's name without `.int8` and extension. */
  readonly stem: string;
  /** Files that were read; none of them may be written. */
  readonly inputs: readonly string[];
}

export interface ExportSourceOptions {
  /** A quantized .onnx file, or a float one where `spec` is given. */
  readonly model: string;
  readonly spec?: string | undefined;
  /** Target named in the spec of a quantized model. */
  readonly target: string;
  readonly cwd: string;
}

/**
 * Reads a quantized model as float network and spec, or a float model and its spec.
 *
 * @throws {InputDataError} when a file is missing, or the spec was made for another model or for changed weights
 * @throws {ModelFormatError|ExportError} when the model is damaged, or not quantized and no spec is given
 */
export async function openExportSource({ model, spec, target, cwd }: ExportSourceOptions): Promise<ExportSource> {
  const modelPath = resolve(cwd, model);
  const opened = await openModel(modelPath, model);
  const stem = basename(model)
    .replace(/\.onnx$/i, '')
    .replace(/\.int8$/, '');
  if (spec === undefined) {
    const content = readQdq(opened.model, target);
    if (Object.keys(content.spec.tensors).length === 0) {
      throw refuse(
        'a quantized model, or a float one with --spec',
        `${model}, a float model`,
        'Run `bitwright quantize` first.',
      );
    }
    return { ...content, stem, inputs: [modelPath] };
  }
  const specPath = resolve(cwd, spec);
  const read = await readSpec(specPath, spec);
  await assertSameModel(read, modelPath, model);
  return { model: namedModel(opened.model, read), spec: read, stem, inputs: [modelPath, specPath] };
}

// — internals —

async function readSpec(path: string, shown: string): Promise<QuantizationSpec> {
  const operation = `[bitwright] read spec ${shown}`;
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const received = cause.code === 'ENOENT' ? 'no such file' : cause.message;
    throw new InputDataError({ operation, expected: 'a spec of `bitwright quantize`', received, cause });
  });
  try {
    return specFromJson(text);
  } catch (cause) {
    if (!QuantError.isInstance(cause)) throw cause;
    const { expected, received, hint } = cause;
    throw new InputDataError({ operation, expected, received, hint, cause });
  }
}

/** A spec holds parameters only: with other weights, it would describe another network than the measured one. */
async function assertSameModel(spec: QuantizationSpec, path: string, shown: string): Promise<void> {
  const changed = changedWeights(spec);
  if (changed.length > 0) {
    throw refuse(
      'a spec whose float model is the file given',
      `one made after ${changed.join(', ')}, which changed the weights`,
      'Export the quantized .onnx file instead: it holds those weights.',
    );
  }
  const { modelHash } = spec.provenance;
  if (modelHash === undefined || modelHash === (await hashFile(path))) return;
  throw refuse('the model the spec was made for', `${shown}, another file (SHA-256 differs)`);
}

/** The model as it is where it has the spec's tensors, else after the preparation that `quantize` does. */
function namedModel(model: Model, spec: QuantizationSpec): Model {
  const names = new Set(
    [
      ...(model.graph?.node ?? []).flatMap((node) => node.output),
      ...(model.graph?.initializer ?? []).map(({ name }) => name),
    ].concat((model.graph?.input ?? []).map(({ name }) => name)),
  );
  const nodes = new Set((model.graph?.node ?? []).map(({ name }) => name));
  const isPrepared =
    Object.keys(spec.tensors).every((name) => names.has(name)) &&
    Object.keys(spec.nodes).every((name) => nodes.has(name));
  return isPrepared ? model : prepareModel(model).model;
}

function refuse(expected: string, received: string, hint?: string): InputDataError {
  return new InputDataError({ operation: '[bitwright] export', expected, received, hint });
}
