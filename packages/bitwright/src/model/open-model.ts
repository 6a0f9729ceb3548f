import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputDataError, InvalidArgumentError, UnsupportedOperatorError } from '@bitwright/core';
import { dataTypeName, inlineExternalData, type Model, nodeLabel, walkGraphs } from '@bitwright/onnx';
import { readModelFile } from '@bitwright/onnx/node';
import type { ModelInput } from '../data/model-input';

/** A model file, read and ready for the other packages. */
export interface OpenedModel {
  readonly path: string;
  /** File name without folder. */
  readonly name: string;
  /** With all tensors in memory. */
  readonly model: Model;
  /** Bytes of the file, without external data. */
  readonly fileBytes: number;
  /** What a caller has to feed: graph inputs that are no initializers. */
  readonly inputs: readonly ModelInput[];
}

/**
 * Reads a model file.
 *
 * @param shown the path as the user wrote it, for messages
 * @throws {InputDataError} when the file is missing, a folder or unreadable
 * @throws {ModelFormatError} when it is no complete ONNX model
 * @throws {UnsupportedOperatorError} when it uses operators that no runtime here knows
 */
export async function openModel(path: string, shown: string = path): Promise<OpenedModel> {
  await refuseNoFile(path, shown);
  const file = await readModelFile(path);
  refuseUnknownDomains(file.model, shown);
  const model = inlineExternalData(file.model, file.externalData.read);
  return Object.freeze({
    path,
    name: basename(path),
    model,
    fileBytes: (await stat(path)).size,
    inputs: modelInputs(model),
  });
}

/** SHA-256 of a file, in hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/**
 * Inputs with the sizes given for them.
 *
 * @throws {InvalidArgumentError} when a name is no input, or a size contradicts the model
 */
export function withShapes(
  inputs: readonly ModelInput[],
  shapes: Readonly<Record<string, readonly number[]>>,
): readonly ModelInput[] {
  for (const [name, dims] of Object.entries(shapes)) {
    const input = inputs.find((each) => each.name === name);
    if (input === undefined) {
      throw invalidShape(`an input of the model (${inputs.map((each) => each.name).join(', ')})`, `'${name}'`);
    }
    const fits = (dim: number | string | undefined, axis: number): boolean =>
      typeof dim !== 'number' || dim <= 0 || dim === dims[axis];
    if (input.dims.length !== dims.length || !input.dims.every(fits)) {
      const declared = input.dims.map((dim) => dim ?? '?').join('x');
      throw invalidShape(`sizes that fit input '${name}' (${declared})`, dims.join('x'));
    }
  }
  return inputs.map((input) => ({ ...input, dims: shapes[input.name] ?? input.dims }));
}

// — internals —

async function refuseNoFile(path: string, shown: string): Promise<void> {
  const status = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const received = cause.code === 'ENOENT' ? `${shown}, which does not exist` : cause.message;
    throw new InputDataError({ operation: '[bitwright] open model', expected: 'a model file', received, cause });
  });
  if (!status.isDirectory()) return;
  const received = `${shown}, which is a folder`;
  throw new InputDataError({ operation: '[bitwright] open model', expected: 'a model file', received });
}

/** Domains whose operators onnxruntime brings along. */
const knownDomains = new Set([
  '',
  'ai.onnx',
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview.training',
  'com.microsoft',
  'com.microsoft.nchwc',
  'com.microsoft.experimental',
  'com.ms.internal.nhwc',
  'org.pytorch.aten',
]);

function refuseUnknownDomains(model: Model, path: string): void {
  const local = new Set(model.functions.map((each) => `${each.domain}:${each.name}`));
  const unknown: string[] = [];
  const domains = new Set<string>();
  for (const { graph } of model.graph === undefined ? [] : walkGraphs(model.graph)) {
    for (const node of graph.node) {
      if (knownDomains.has(node.domain) || local.has(`${node.domain}:${node.opType}`)) continue;
      unknown.push(`${node.domain}:${node.opType} (${nodeLabel(node)})`);
      domains.add(node.domain);
    }
  }
  if (unknown.length === 0) return;
  const more = unknown.length > 3 ? ` and ${unknown.length - 3} more` : '';
  throw new UnsupportedOperatorError({
    operation: `[bitwright] open ${path}`,
    expected: 'operators of ONNX or onnxruntime, or functions the model brings along',
    received: `${unknown.length} of the unknown domain ${[...domains].join(', ')}: ${unknown.slice(0, 3).join(', ')}${more}`,
    hint: 'Export the model without custom operators; no runtime here can run them.',
  });
}

function modelInputs(model: Model): readonly ModelInput[] {
  const initializers = new Set(model.graph?.initializer.map((tensor) => tensor.name));
  return (model.graph?.input ?? []).flatMap((input): ModelInput[] => {
    if (initializers.has(input.name)) return [];
    const type = input.type?.value;
    if (type?.case !== 'tensorType') return [{ name: input.name, type: type?.case ?? 'unknown', dims: [] }];
    const dims = (type.value.shape?.dim ?? []).map(({ value }) =>
      value.case === 'dimValue' ? Number(value.value) : value.case === 'dimParam' ? value.value : undefined,
    );
    return [{ name: input.name, type: elementType(type.value.elemType), dims }];
  });
}

/** Element type as onnxruntime spells it: ONNX says `float` and `double`. */
function elementType(dataType: number): string {
  const name = dataTypeName(dataType);
  return name === 'float' ? 'float32' : name === 'double' ? 'float64' : name;
}

function invalidShape(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[bitwright] read --shape', expected, received });
}
