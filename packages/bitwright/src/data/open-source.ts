import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { InputDataError, InvalidArgumentError } from '@bitwright/core';
import { arraySource } from './array-source';
import { fileSource } from './byte-source';
import type { DataSpec } from './data-spec';
import { imageExtensions, imageSource } from './images';
import { type IndexedSource, joinSources } from './indexed-source';
import { jsonlSource } from './jsonl';
import { fixedSampleDims, type ModelInput, printShape } from './model-input';
import { moduleExtensions } from './module';
import { openNpy } from './npy';
import { openNpz } from './npz';
import { type Preprocess, preprocessPresets } from './preprocess';
import { openRaw, rawExtensions, rawType } from './raw';

export interface OpenSourceOptions {
  readonly preprocess?: Preprocess | undefined;
  /** Shape of one sample of raw files. */
  readonly shape?: readonly number[] | undefined;
}

const operation = '[bitwright] open samples';
const jsonlExtensions = ['.jsonl', '.ndjson'];

/** Everything a `--data` path may be, for messages. */
const knownKinds = `a folder of images, an image, .npy, .npz, ${rawExtensions.join(' ')}, .jsonl, or a module ${moduleExtensions.join(' ')}`;

/**
 * Samples of `inputs` from one path, by what the path is: a folder, or the extension of a file.
 *
 * @throws {InputDataError} when the path is missing, malformed, or does not fit the inputs
 * @throws {InvalidArgumentError} when an option the data need is missing
 */
export async function openSource(
  spec: DataSpec,
  inputs: readonly ModelInput[],
  options: OpenSourceOptions,
): Promise<IndexedSource> {
  const kind = await pathKind(spec, inputs);
  if (kind === '.npz') return npzSource(spec, inputs, options.preprocess);
  if (jsonlExtensions.includes(kind)) return jsonlSource(await fileSource(spec.path), inputs);

  const [input] = inputs;
  if (input === undefined || inputs.length > 1) {
    throw new InvalidArgumentError({
      operation,
      expected: `data for the ${inputs.length} inputs ${inputs.map((each) => each.name).join(', ')}`,
      received: `${spec.path}, which holds one`,
      hint: `Give ${inputs.map((each) => `--data ${each.name}=<file>`).join(' ')}.`,
    });
  }
  if (kind === '.npy') {
    return arraySource(await openNpy(await fileSource(spec.path)), input, spec.path, options.preprocess);
  }
  const type = rawType(kind);
  if (type !== undefined) {
    if (options.shape === undefined) throw missingShape(spec.path, kind, input);
    const array = openRaw(await fileSource(spec.path), type, options.shape);
    return arraySource(array, input, spec.path, options.preprocess);
  }
  if (kind === 'folder' || imageExtensions.includes(kind)) {
    if (kind !== 'folder') await fileSource(spec.path);
    if (options.preprocess === undefined) throw missingPreprocess(spec.path, input);
    return imageSource(spec.path, input, options.preprocess);
  }
  throw new InputDataError({ operation, expected: knownKinds, received: spec.path });
}

/** Whether the path is a module, which gives its samples in its own order only. */
export function isModulePath(path: string): boolean {
  return moduleExtensions.includes(extname(path).toLowerCase());
}

async function pathKind(spec: DataSpec, inputs: readonly ModelInput[]): Promise<string> {
  const status = await stat(spec.path).catch((cause: unknown) => {
    const prefix = /^([^=/\\]+)=/.exec(spec.path)?.[1];
    throw new InputDataError({
      operation,
      expected: `an existing file or folder: ${knownKinds}`,
      received: `${spec.path}, which cannot be opened`,
      hint:
        prefix === undefined
          ? undefined
          : `The model has no input '${prefix}'; its inputs are ${inputs.map((input) => input.name).join(', ')}.`,
      cause,
    });
  });
  return status.isDirectory() ? 'folder' : extname(spec.path).toLowerCase();
}

async function npzSource(
  spec: DataSpec,
  inputs: readonly ModelInput[],
  preprocess: Preprocess | undefined,
): Promise<IndexedSource> {
  const archive = await openNpz(await fileSource(spec.path));
  const [onlyArray] = archive.names;
  const isOnly = inputs.length === 1 && archive.names.length === 1;
  const chosen = inputs.map((input) => {
    const name = archive.names.includes(input.name) ? input.name : isOnly ? onlyArray : undefined;
    if (name !== undefined) return { input, name };
    throw new InputDataError({
      operation,
      expected: `an array '${input.name}' in ${spec.path}`,
      received: `arrays ${archive.names.join(', ')}`,
      hint: 'Name the arrays like the inputs: np.savez(path, **{name: array}).',
    });
  });
  const sources: IndexedSource[] = [];
  for (const { input, name } of chosen) {
    sources.push(arraySource(await archive.open(name), input, `${spec.path}:${name}`, preprocess));
  }
  const unused = archive.names.filter((name) => chosen.every((choice) => choice.name !== name));
  const note = `arrays left out because they are no inputs of the model: ${unused.join(', ')} in ${spec.path}`;
  return Object.freeze({
    ...joinSources(sources),
    files: [{ label: '', path: spec.path }],
    notes: unused.length === 0 ? [] : [note],
  });
}

function missingShape(path: string, kind: string, input: ModelInput): InvalidArgumentError {
  const fixed = fixedSampleDims(input) ?? [];
  const [channels = 0, height = 0, width = 0] = fixed;
  const isImage = kind === '.u8' && fixed.length === 3 && channels <= 4 && input.type !== 'uint8';
  const example = fixed.length === 0 ? '32x32x3' : isImage ? `${height}x${width}x${channels}` : fixed.join('x');
  return new InvalidArgumentError({
    operation,
    expected: `the shape of one sample in ${path} for input '${input.name}' ${printShape(input.dims)}`,
    received: 'none',
    hint: `Give --shape, e.g. --shape ${example}${isImage ? ' for interleaved images' : ''}.`,
  });
}

function missingPreprocess(path: string, input: ModelInput): InvalidArgumentError {
  return new InvalidArgumentError({
    operation,
    expected: `how the images in ${path} become input '${input.name}' ${printShape(input.dims)} ${input.type}`,
    received: 'no preprocessing',
    hint: `Give --preprocess ${Object.keys(preprocessPresets).join('|')}, or --resize, --crop, --scale, --mean, --std as in training.`,
  });
}
