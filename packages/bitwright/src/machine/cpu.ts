import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus } from 'node:os';

/** The processor, as far as it decides how fast low-bit arithmetic is. */
export interface Cpu {
  readonly model: string;
  readonly architecture: string;
  /** Threads this process may run at once. */
  readonly threads: number;
  /** Instruction sets that matter here; undefined where the system does not tell. */
  readonly features: readonly string[] | undefined;
  /** What the features mean for int8. */
  readonly int8: string;
}

/** By the names Linux uses, in the order they are printed. */
const relevantFeatures: readonly string[] = [
  ...[
    'sse4_2',
    'avx',
    'f16c',
    'fma',
    'avx2',
    'avx_vnni',
    'avx512f',
    'avx512bw',
    'avx512_vnni',
    'avx512_bf16',
    'amx_int8',
  ],
  ...['neon', 'asimd', 'asimdhp', 'asimddp', 'i8mm', 'bf16', 'sve', 'sve2', 'svei8mm'],
];

const int8DotProducts = ['avx_vnni', 'avx512_vnni', 'amx_int8', 'asimddp', 'i8mm'];

/** Reads the processor of this machine. */
export function readCpu(): Cpu {
  const features = parseCpuFeatures(readCpuInfo());
  return {
    model: cpus()[0]?.model.trim() || 'unknown',
    architecture: arch(),
    threads: availableParallelism(),
    features,
    int8: judgeInt8(features, arch()),
  };
}

/** Relevant features in the text of /proc/cpuinfo: the line `flags` on x86, `Features` on Arm. */
export function parseCpuFeatures(cpuInfo: string | undefined): readonly string[] | undefined {
  const line = cpuInfo === undefined ? undefined : /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuInfo)?.[1];
  if (line === undefined) return undefined;
  const present = new Set(line.split(/\s+/));
  return relevantFeatures.filter((feature) => present.has(feature));
}

/** Whether a processor multiplies and adds 8-bit numbers in one instruction; undefined where its features are not known. */
export function hasInt8Products(features: readonly string[] | undefined): boolean | undefined {
  return features?.some((feature) => int8DotProducts.includes(feature));
}

/** What to expect of int8 against float on a processor. */
export function judgeInt8(features: readonly string[] | undefined, architecture: string): string {
  if (features === undefined) return 'unknown: this system does not list CPU features';
  const found = features.filter((feature) => int8DotProducts.includes(feature));
  if (found.length > 0) return `has 8-bit dot products (${found.join(', ')}): int8 can be clearly faster than float`;
  if (architecture === 'x64' && !features.includes('avx2')) return 'no AVX2: int8 will hardly be faster than float';
  return 'no 8-bit dot products: int8 saves memory, but may be no faster than float';
}

// — internals —

function readCpuInfo(): string | undefined {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return undefined;
  }
}
