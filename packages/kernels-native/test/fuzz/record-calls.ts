// A vitest setup file: remembers the arguments of every call of the addon while the tests run, as seeds for the fuzzer.
//
//   npx vitest run --config packages/kernels-native/test/fuzz/vitest.config.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { nativeInfo } from '../../src/index';

/** An argument as text: `ctx`, `null`, a number, or type and length of an array. */
type Argument = string | number | null;

/** Calls kept per function, and the most elements of one's arrays. */
const perFunction = 12;
const mostElements = 20_000;

const folder = join(import.meta.dirname, '..', '..', 'build', 'fuzz-seeds');
const addon = createRequire(import.meta.url)(nativeInfo().source) as Record<string, unknown>;
const base = ['version', 'tiers', 'physicalCores', 'createContext', 'operations'];
const calls = new Map<string, Argument[][]>();

for (const [name, call] of Object.entries(addon)) {
  if (base.includes(name) || name.endsWith('Async') || typeof call !== 'function') continue;
  addon[name] = (...args: unknown[]): unknown => {
    const seen = calls.get(name) ?? [];
    calls.set(name, seen);
    if (seen.length < perFunction) {
      const described = args.map(describeArgument);
      const elements = args.reduce<number>((sum, arg) => sum + (ArrayBuffer.isView(arg) ? lengthOf(arg) : 0), 0);
      if (elements <= mostElements) seen.push(described);
    }
    return Reflect.apply(call, addon, args);
  };
}

afterAll(() => {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${process.pid}-${Date.now()}.json`);
  writeFileSync(file, JSON.stringify(Object.fromEntries(calls)));
});

// — internals —

function lengthOf(array: ArrayBufferView): number {
  return (array as Uint8Array).length;
}

/** Small integer arrays keep their values: they are indices, sizes and strides. */
function describeArgument(argument: unknown): Argument {
  if (argument === null || argument === undefined) return null;
  if (typeof argument === 'number') return argument;
  if (!ArrayBuffer.isView(argument)) return 'ctx';
  const kind: string = (argument as Uint8Array)[Symbol.toStringTag];
  const keepsValues = lengthOf(argument) <= 64 && (kind === 'Int32Array' || kind === 'Float64Array');
  return keepsValues ? `${kind}=${Array.from(argument as Int32Array).join(' ')}` : `${kind} ${lengthOf(argument)}`;
}
