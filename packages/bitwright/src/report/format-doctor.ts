import { formatBytes } from '@bitwright/ptq';
import type { Cpu } from '../machine/cpu';
import type { Part } from '../machine/parts';

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
  return `\n${facts.map(([label, text]) => `  ${label.padEnd(width)}${text}`).join('\n')}\n\n`;
}

// — internals —

function describePart({ version, note, isNeeded }: Part): string {
  if (version === undefined) return isNeeded ? 'MISSING' : 'missing (optional)';
  return note === undefined ? version : `${version} (${note})`;
}
