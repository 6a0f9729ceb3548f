/**
 * Calls every function of the raw addon with damaged arguments, thousands of times: it must answer with a status, never crash.
 * The typed calls in src/ check everything before; this proves that even without them nothing is read or written out of bounds.
 *
 *   node scripts/fuzz-binding.mjs [--seconds 30] [--seed 1] [--addon FILE] [--only NAME]
 *   node scripts/fuzz-binding.mjs --sanitize      builds with AddressSanitizer and runs itself under it
 *   node scripts/fuzz-binding.mjs --collect       test/fuzz/__fixtures__/calls.json from build/fuzz-seeds (see test/fuzz/record-calls.ts)
 *
 * Starts from recorded valid calls and damages one to three arguments of each.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const self = fileURLToPath(import.meta.url);
const root = dirname(dirname(self));
const callsFile = join(root, 'test', 'fuzz', '__fixtures__', 'calls.json');
const kinds = {
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
};

/** Of native/include/qk/types.h. */
const largestStatus = 3;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    addon: { type: 'string', default: join(root, 'build', 'Release', 'bitwright_kernels.node') },
    only: { type: 'string', default: '' },
    sanitize: { type: 'boolean', default: false },
    collect: { type: 'boolean', default: false },
  },
});

if (options.collect) collect();
else if (options.sanitize) process.exitCode = runSanitized();
else await fuzz();

/** Merges what the recorder wrote; different calls of each function, shortest first. */
function collect() {
  const folder = join(root, 'build', 'fuzz-seeds');
  const merged = {};
  for (const file of readdirSync(folder)) {
    const calls = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    for (const [name, seen] of Object.entries(calls)) {
      merged[name] ??= new Set();
      for (const call of seen) merged[name].add(JSON.stringify(call));
    }
  }
  const lines = Object.entries(merged)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, calls]) => {
      const chosen = [...calls].sort((a, b) => a.length - b.length).slice(0, 12);
      return `  ${JSON.stringify(name)}: [\n    ${chosen.join(',\n    ')}\n  ]`;
    });
  writeFileSync(callsFile, `{\n${lines.join(',\n')}\n}\n`);
  console.log(`fuzz-binding: calls of ${lines.length} functions in ${callsFile}`);
}

function runSanitized() {
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build-native.mjs'), '--sanitize', 'fuzz'], {
    stdio: 'inherit',
  });
  const addon = join(root, 'build', 'fuzz', 'bitwright_kernels.node');
  if (built.status !== 0 || !existsSync(addon)) return built.status ?? 1;
  const library = (name) => execFileSync('c++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  const args = [self, '--addon', addon, '--seconds', options.seconds, '--seed', options.seed, '--only', options.only];
  const run = spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: {
      ...process.env,
      LD_PRELOAD: `${library('libasan.so')} ${library('libubsan.so')}`,
      // Node itself is not built with the sanitizer: its own leaks at exit are not ours.
      ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1',
    },
  });
  return run.status ?? 1;
}

async function fuzz() {
  const addon = createRequire(import.meta.url)(options.addon);
  const recorded = JSON.parse(readFileSync(callsFile, 'utf8'));
  const random = generator(Number(options.seed));
  const contexts = addon.tiers().flatMap((isa) => [1, 2].map((threads) => addon.createContext(isa, threads)));
  const names = Object.keys(addon).filter((name) => name in recorded && name.includes(options.only));
  const missing = Object.keys(addon).filter(
    (name) => typeof addon[name] === 'function' && !name.endsWith('Async') && !(name in recorded) && !isBase(name),
  );
  if (missing.length > 0) console.log(`fuzz-binding: no recorded call of ${missing.join(', ')}`);
  const statuses = {};
  const end = Date.now() + 1000 * Number(options.seconds);
  let calls = 0;
  const pending = [];
  while (Date.now() < end) {
    for (const name of names) {
      const seed = pick(random, recorded[name]);
      const args = seed.map((argument) => make(argument, random, contexts));
      const damages = Math.floor(random() * 4);
      for (let k = 0; k < damages; k++) damage(args, random, contexts);
      const isAsync = random() < 0.1 && typeof addon[`${name}Async`] === 'function';
      const status = isAsync ? addon[`${name}Async`](...args) : addon[name](...args);
      // Some answer with a size, or -1, instead of a status.
      const answer = status > largestStatus ? 'size' : status;
      if (isAsync && status instanceof Promise) pending.push(status);
      else statuses[answer] = (statuses[answer] ?? 0) + 1;
      calls++;
    }
    await Promise.all(pending.splice(0));
  }
  console.log(
    `fuzz-binding: ${calls} calls of ${names.length} functions survived; statuses ${JSON.stringify(statuses)}`,
  );
}

function isBase(name) {
  return ['tiers', 'physicalCores', 'createContext', 'operations', 'measurePeak'].includes(name);
}

/** A recorded argument as a value; arrays are new, so that the sanitizer sees their ends. */
function make(argument, random, contexts) {
  if (argument === 'ctx') return pick(random, contexts);
  if (typeof argument !== 'string') return argument;
  const values = /^(\w+)=(.*)$/.exec(argument);
  if (values !== null) {
    return kinds[values[1]].from(values[2] === '' ? [] : values[2].split(' ').map(Number));
  }
  const [kind, length] = argument.split(' ');
  return randomArray(kind, Number(length), random);
}

function randomArray(kind, length, random) {
  const array = new kinds[kind](length);
  const bytes = new Uint8Array(array.buffer);
  for (let i = 0; i < bytes.length; i++) bytes[i] = random() * 256;
  return array;
}

function damage(args, random, contexts) {
  const at = Math.floor(random() * (args.length + 1));
  const old = args[at];
  const numbers = [0, 1, -1, 2, 3, 7, 16, 255, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53, -(2 ** 31), 0.5];
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, null, undefined, 'text', {}, true, 1n, Symbol('s'), () => 0];
  const kind = Object.keys(kinds)[Math.floor(random() * 9)];
  const choice = random();
  if (choice < 0.3 && typeof old === 'number') args[at] = Math.round(old + (random() - 0.5) * 6);
  else if (choice < 0.5) args[at] = pick(random, numbers);
  else if (choice < 0.6) args[at] = pick(random, odd);
  else if (choice < 0.8 && hasElements(old)) args[at] = old.slice(0, Math.floor(random() * old.length));
  else if (choice < 0.9) args[at] = randomArray(kind, Math.floor(random() * 70), random);
  else if (choice < 0.93) args[at] = detached(old);
  else if (choice < 0.96) args.splice(at, 1);
  else args[at] = pick(random, contexts);
}

/** Whether it is an array that can be copied: one detached by an earlier damage has no elements and throws. */
function hasElements(value) {
  return ArrayBuffer.isView(value) && value.length > 0;
}

function detached(old) {
  if (!hasElements(old)) return old;
  const copy = old.slice();
  structuredClone(copy, { transfer: [copy.buffer] });
  return copy;
}

function pick(random, list) {
  return list[Math.floor(random() * list.length)];
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
