import { lstat, open, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { InputDataError, ModelFormatError } from '@bitwright/core';
import type { GraphModelArtifacts } from '@bitwright/export';

/** A TensorFlow.js model as its files hold it. */
export interface WebModel {
  readonly format: 'layers-model' | 'graph-model';
  readonly artifacts: GraphModelArtifacts;
  /** model.json and the weight files. */
  readonly files: readonly string[];
}

/**
 * Reads a model.json and its weight files. Weight files must lie in the folder of the model.json or below it: the paths in the file
 * are not trusted.
 *
 * @throws {ModelFormatError} when the JSON is no TensorFlow.js model or names files outside its folder
 * @throws {InputDataError} when a weight file cannot be read
 */
export async function readWebModel(path: string, shown: string): Promise<WebModel> {
  const json = parsed(await readFile(path, 'utf8'), shown);
  const manifest = json['weightsManifest'];
  if (json['modelTopology'] === undefined || !Array.isArray(manifest)) {
    throw notWebModel(shown, 'modelTopology and weightsManifest', Object.keys(json).slice(0, 6).join(', '));
  }
  const groups = manifest as readonly { readonly paths?: readonly string[]; readonly weights?: readonly object[] }[];
  const folder = dirname(path);
  const files: string[] = [];
  for (const name of groups.flatMap((group) => group.paths ?? [])) files.push(await containedFile(folder, name, shown));
  const isGraph = json['format'] === 'graph-model' || 'node' in (json['modelTopology'] as object);
  return {
    format: isGraph ? 'graph-model' : 'layers-model',
    artifacts: {
      modelTopology: json['modelTopology'],
      weightSpecs: groups.flatMap((group) => group.weights ?? []) as NonNullable<GraphModelArtifacts['weightSpecs']>,
      weightData: await readJoined(files),
      ...(json['signature'] === undefined ? {} : { signature: json['signature'] }),
    },
    files: [path, ...files],
  };
}

/** Files one after the other in one buffer, so that a large model is in memory once. */
async function readJoined(files: readonly string[]): Promise<ArrayBuffer> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const [i, file] of files.entries()) {
    const end = at + (sizes[i] ?? 0);
    const handle = await open(file);
    try {
      while (at < end) {
        const { bytesRead } = await handle.read(bytes, at, end - at);
        if (bytesRead === 0) throw changedWhileRead(file);
        at += bytesRead;
      }
    } finally {
      await handle.close();
    }
  }
  return bytes.buffer;
}

function parsed(text: string, shown: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
    throw notWebModel(shown, 'a JSON object', typeof json);
  } catch (error) {
    if (error instanceof SyntaxError) throw notWebModel(shown, 'JSON', error.message);
    throw error;
  }
}

/** A regular file inside the folder, links followed. */
async function containedFile(folder: string, name: string, shown: string): Promise<string> {
  const path = join(folder, name);
  const inside = relative(folder, path);
  if (isAbsolute(name) || name.includes('\\') || name.includes('\0') || inside.startsWith('..')) {
    throw notWebModel(shown, 'weight files in the folder of the model', JSON.stringify(name));
  }
  const status = await lstat(path).catch(() => undefined);
  if (status === undefined) {
    throw new InputDataError({
      operation: '[bitwright] convert',
      expected: `the weight file ${name} beside ${shown}`,
      received: 'no such file',
    });
  }
  const real = relative(await realpath(folder), await realpath(path));
  if (real.startsWith('..') || isAbsolute(real)) {
    throw notWebModel(shown, 'weight files in the folder of the model', `${name}, a link that leaves it`);
  }
  return path;
}

function changedWhileRead(file: string): InputDataError {
  return new InputDataError({
    operation: '[bitwright] convert',
    expected: `all bytes of the weight file ${file}`,
    received: 'its end before its size: it changed while it was read',
  });
}

function notWebModel(shown: string, expected: string, received: string): ModelFormatError {
  return new ModelFormatError({
    operation: `[bitwright] convert ${shown}`,
    expected,
    received,
    hint: 'The file must be the model.json of a TensorFlow.js layers or graph model.',
  });
}
