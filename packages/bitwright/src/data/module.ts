import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputDataError } from '@bitwright/core';
import type { SampleValues } from './indexed-source';
import type { ModelInput } from './model-input';
import { samplesFromItem } from './module-item';

/** Extensions of modules that give samples. */
export const moduleExtensions: readonly string[] = Object.freeze(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']);

const operation = '[bitwright] read samples';

/**
 * Samples from a JavaScript or TypeScript module: its default export or the export `samples` is an iterable, an async
 * iterable, or a function returning one. Each item is one feed, `{input: tensor}`, or the bare tensor where the model has
 * one input; a tensor is a typed array, nested arrays, or `{data, dims}`. A feed of k rows counts as k samples.
 *
 * Loading the module runs its code. A generator object can be read only once and is therefore refused: export the function.
 *
 * @returns a function that starts from the first sample at each call
 * @throws {InputDataError} when the module does not load or exports nothing of that kind
 */
export async function openModule(
  path: string,
  inputs: readonly ModelInput[],
): Promise<() => AsyncGenerator<SampleValues>> {
  const exported = await loadModule(path);
  const start = startFunction(exported, path);
  return async function* samples() {
    let item = 0;
    for await (const value of await start()) {
      yield* samplesFromItem(value, inputs, `item ${item} of ${path}`);
      item++;
    }
  };
}

async function loadModule(path: string): Promise<unknown> {
  const url = pathToFileURL(resolve(path)).href;
  let loaded: Record<string, unknown>;
  try {
    if (/ts$/.test(extname(path))) {
      const { createJiti } = await import('jiti');
      loaded = await createJiti(url, { fsCache: false }).import(url);
    } else {
      loaded = await import(url);
    }
  } catch (cause) {
    throw new InputDataError({
      operation: `[bitwright] load ${path}`,
      expected: 'a module that loads',
      received: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
  const found = loaded.default ?? loaded.samples;
  const isNamespace = typeof found === 'object' && found !== null && !isIterable(found);
  if (!isNamespace) return found;
  const inner = found as Record<string, unknown>;
  return loaded.samples ?? inner.default ?? inner.samples;
}

type Items = Iterable<unknown> | AsyncIterable<unknown>;

function startFunction(exported: unknown, path: string): () => Items | Promise<Items> {
  const expected = 'a default export or `samples`: an iterable, or a function returning one';
  if (typeof exported === 'function') {
    return async () => {
      const items: unknown = await exported();
      if (isIterable(items)) return items;
      throw refuse(expected, `a function returning ${typeof items}`, path);
    };
  }
  if (!isIterable(exported)) throw refuse(expected, `${exported === undefined ? 'neither' : typeof exported}`, path);
  const iterator = Symbol.asyncIterator in exported ? exported[Symbol.asyncIterator]() : exported[Symbol.iterator]();
  if ((iterator as unknown) === exported) {
    throw new InputDataError({
      operation,
      expected: `samples that can be read several times, from ${path}`,
      received: 'a generator object, which can be read once',
      hint: 'Export the generator function itself: export default async function* () { … }.',
    });
  }
  return () => exported;
}

function isIterable(value: unknown): value is Items {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

function refuse(expected: string, received: string, where: string): InputDataError {
  return new InputDataError({ operation, expected: `${expected}, from ${where}`, received });
}
