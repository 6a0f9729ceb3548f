import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { elementCount, InputDataError } from '@bitwright/core';
import type { FeedTensor } from '@bitwright/ptq';
import { checkConversion, convertElements } from './convert-elements';
import { decodeImage } from './decode-image';
import { elementBytes } from './element-type';
import type { IndexedSource, SampleValues, UnreadableSample } from './indexed-source';
import { fitSample, inputType, type ModelInput } from './model-input';
import { describePreprocess, type Preprocess, preprocessedDims, resolvePreprocess } from './preprocess';
import { createPreprocessor } from './raw-image';

/** Extensions of files taken as images. */
export const imageExtensions: readonly string[] = Object.freeze([
  '.jpg',
  '.jpeg',
  '.png',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
  '.bmp',
]);

/** Image files of a folder. */
export interface ImageList {
  readonly folder: string;
  /** Paths relative to the folder, with `/`, sorted by code unit: the same order on every system. */
  readonly names: readonly string[];
  /** Number of files that are no images. */
  readonly otherFiles: number;
}

const decodesAtOnce = 8;
const depthLimit = 32;

/**
 * Images of a folder and its subfolders, or the one image `path` is. Names starting with a dot are left out;
 * symbolic links are followed, each folder once.
 *
 * @throws {InputDataError} when there is no image
 */
export async function listImages(path: string): Promise<ImageList> {
  const status = await stat(path);
  if (!status.isDirectory()) return { folder: dirname(path), names: [basename(path)], otherFiles: 0 };
  const files: string[] = [];
  await collectFiles(path, '', new Set(), 0, files);
  const names = files.filter((name) => imageExtensions.includes(extname(name).toLowerCase()));
  if (names.length === 0) {
    throw new InputDataError({
      operation: '[bitwright] open samples',
      expected: `images (${imageExtensions.join(' ')}) in the folder ${path}`,
      received: files.length === 0 ? 'an empty folder' : `${files.length} other files, e.g. ${files[0]}`,
    });
  }
  names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return { folder: path, names, otherFiles: files.length - names.length };
}

/**
 * Samples of one input from image files. Files that cannot be decoded are answered as unreadable, the rest go on.
 *
 * @throws {InputDataError} when the preprocessed images cannot fit the input
 */
export async function imageSource(path: string, input: ModelInput, preprocess: Preprocess): Promise<IndexedSource> {
  const { folder, names, otherFiles } = await listImages(path);
  const type = inputType(input);
  const context = { input: input.name, source: path };
  const resolved = resolvePreprocess(preprocess, input);
  const apply = createPreprocessor(resolved);
  const dims = preprocessedDims(resolved);
  if (dims !== undefined) fitSample(dims, input, `${path} after ${preprocess.name} preprocessing`);
  checkConversion(resolved.dtype, type, context);

  const readOne = async (name: string): Promise<SampleValues | UnreadableSample> => {
    let tensor: FeedTensor;
    try {
      tensor = apply(await decodeImage(join(folder, name), resolved.resize));
    } catch (error) {
      if (isMissingDecoder(error)) throw error;
      return { unreadable: { name, reason: error instanceof Error ? error.message : String(error) } };
    }
    fitSample(tensor.dims, input, `${join(folder, name)} after ${preprocess.name} preprocessing`);
    const data = convertElements(tensor.data, tensor.type, type, context);
    return new Map([[input.name, { type, dims: tensor.dims, data }]]);
  };
  const count = names.length === 1 ? '1 image' : `${names.length} images`;
  return Object.freeze({
    description: `${basename(path)} ${count}, ${describePreprocess(preprocess)}`,
    inputs: [input.name],
    length: names.length,
    sampleBytes: dims === undefined ? undefined : elementCount(dims) * elementBytes(type),
    names,
    mayFail: true,
    isPreprocessed: true,
    notes: otherFiles === 0 ? [] : [`files left out because they are not images: ${otherFiles} in ${path}`],
    files: names.map((name) => ({ label: name, path: join(folder, name) })),
    read: async (indices: readonly number[]) => {
      const results: (SampleValues | UnreadableSample)[] = [];
      for (let start = 0; start < indices.length; start += decodesAtOnce) {
        const chunk = indices.slice(start, start + decodesAtOnce);
        results.push(...(await Promise.all(chunk.map((index) => readOne(names[index] ?? '')))));
      }
      return results;
    },
  });
}

async function collectFiles(
  root: string,
  folder: string,
  visited: Set<string>,
  depth: number,
  files: string[],
): Promise<void> {
  const real = await realpath(join(root, folder));
  if (visited.has(real) || depth > depthLimit) return;
  visited.add(real);
  const entries = await readdir(real);
  for (const entry of entries.sort()) {
    if (entry.startsWith('.')) continue;
    const name = folder === '' ? entry : `${folder}/${entry}`;
    const status = await stat(join(root, name)).catch(() => undefined);
    if (status?.isDirectory()) await collectFiles(root, name, visited, depth + 1, files);
    else files.push(name);
  }
}

function isMissingDecoder(error: unknown): boolean {
  return error instanceof InputDataError && error.operation === '[bitwright] decode images';
}
