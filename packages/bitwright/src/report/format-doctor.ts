import { formatBytes } from '@bitwright/ptq';
import type { Cpu } from '../machine/cpu';
import type { NativeKernels } from '../machine/native-kernels';
import type { Part } from '../machine/parts';
import type { TfjsKernels } from '../machine/tfjs-kernels';

/** What `doctor` found: plain JSON data. */
export interface DoctorDocument {
  readonly bitwright: string;
  readonly npm: string | undefined;
  readonly platform: string;
  readonly system: string;
  readonly cpu: Cpu;
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number };
  /** The target `quantize` uses when none is given. */
  readonly target: string;
  readonly parts: readonly Part[];
  readonly nativeKernels: NativeKernels;
  /** Undefined where the TensorFlow.js backend is not installed. */
  readonly tfjsKernels: TfjsKernels | undefined;
  readonly warnings: readonly string[];
}

/** The same for people. */
export function formatDoctor({ cpu, memory, parts, ...rest }: DoctorDocument): string {
  const facts: readonly (readonly [string, string])[] = [
    ['bitwright', rest.bitwright],
    ...parts.map((part): [string, string] => [part.name, describePart(part)]),
    ['npm', rest.npm ?? 'unknown'],
    ['system', `${rest.system}, ${rest.platform}`],
    ['cpu', `${cpu.model}, ${cpu.threads} ${cpu.threads === 1 ? 'thread' : 'threads'}`],
    ['features', cpu.features === undefined ? 'unknown' : cpu.features.join(' ') || 'none of those that matter'],
    ['int8', cpu.int8],
    ['memory', `${formatBytes(memory.totalBytes)}, ${formatBytes(memory.freeBytes)} free`],
    ['target', `${rest.target} unless --target says otherwise`],
  ];
  const width = Math.max(...facts.map(([label]) => label.length)) + 2;
  const lines = facts.map(([label, text]) => `  ${label.padEnd(width)}${text}`);
  return `\n${[...lines, ...describeNative(rest.nativeKernels), ...describeTfjs(rest.tfjsKernels)].join('\n')}\n\n`;
}

// — internals —

function describeNative(kernels: NativeKernels): string[] {
  if ('problem' in kernels)
    return ['', '  native kernels: none, the TypeScript reference is used', `    ${kernels.problem}`];
  const { isa, isas, threads, source, operations } = kernels;
  const byIsa = isas
    .map((name) => [name, Object.keys(operations).filter((operation) => operations[operation] === name)] as const)
    .filter(([, names]) => names.length > 0);
  return [
    '',
    `  native kernels: ${isa} (of ${isas.join(', ')}), ${threads} ${threads === 1 ? 'thread' : 'threads'}, from ${source}`,
    ...wrapNames(byIsa),
  ];
}

function describeTfjs(kernels: TfjsKernels | undefined): string[] {
  if (kernels === undefined)
    return ['', '  TensorFlow.js backend: missing (optional): npm install @bitwright/tfjs-backend'];
  const { native, borrowed } = kernels;
  return [
    '',
    `  TensorFlow.js backend: ${native.length} native kernels, ${borrowed.length} borrowed from tfjs' cpu backend`,
    ...wrapNames([
      ['native', native.map(({ kernelName }) => kernelName)],
      ['borrowed', borrowed],
    ]),
  ];
}

/** Names behind labels, in lines of at most 100 characters. */
function wrapNames(groups: readonly (readonly [label: string, names: readonly string[]])[]): string[] {
  const width = Math.max(...groups.map(([label]) => label.length)) + 2;
  return groups.flatMap(([label, names]) => {
    const lines = [`    ${label.padEnd(width)}`];
    for (const name of names) {
      const line = lines.at(-1) as string;
      if (line.length + name.length > 100) lines.push(`${' '.repeat(4 + width)}${name} `);
      else lines[lines.length - 1] = `${line}${name} `;
    }
    return lines.map((line) => line.trimEnd());
  });
}

function describePart({ version, note, isNeeded }: Part): string {
  if (version === undefined) return isNeeded ? 'MISSING' : 'missing (optional)';
  return note === undefined ? version : `${version} (${note})`;
}
