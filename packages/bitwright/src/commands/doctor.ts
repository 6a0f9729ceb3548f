import { freemem, release, type as systemType, totalmem } from 'node:os';
import process from 'node:process';
import { defaultTarget } from '@bitwright/ptq';
import type { CommandDefinition, CommandInput } from '../command';
import { exitCode } from '../exit-code';
import { readCpu } from '../machine/cpu';
import { readNativeKernels } from '../machine/native-kernels';
import { readNpmVersion } from '../machine/npm-version';
import { checkNode, checkRuntime, checkSharp, type Part } from '../machine/parts';
import { readTfjsKernels } from '../machine/tfjs-kernels';
import { type DoctorDocument, formatDoctor } from '../report/format-doctor';
import { printResult } from '../terminal/print-result';
import { version } from '../version';

type NoOptions = Readonly<Record<never, never>>;

/** `bitwright doctor`: what this machine has, what is missing, and how to get it. */
export const doctor: CommandDefinition<NoOptions> = {
  name: 'doctor',
  summary: 'show versions, CPU features and what is missing',
  description:
    'Looks at this machine: versions, CPU features, memory, and which parts are missing with the command that installs them. Fails when a needed part is missing.',
  args: [],
  options: {},
  examples: ['bitwright doctor', 'bitwright doctor --json'],
  run: runDoctor,
};

async function runDoctor({ options, context }: CommandInput<NoOptions>): Promise<number> {
  const platform = `${process.platform}-${process.arch}`;
  const parts: Part[] = [
    checkNode(process.versions.node),
    await checkRuntime(context.dependencies.loadRuntime, platform),
    await checkSharp(() => import('sharp')),
  ];
  const limit = process.constrainedMemory?.() ?? 0;
  const document: DoctorDocument = {
    bitwright: version,
    npm: readNpmVersion(context.env, process.execPath),
    platform,
    system: `${systemType()} ${release()}`,
    cpu: readCpu(),
    memory: {
      totalBytes: limit > 0 && limit < totalmem() ? limit : totalmem(),
      freeBytes: freemem(),
    },
    target: defaultTarget().id,
    parts,
    nativeKernels: readNativeKernels(),
    tfjsKernels: await readTfjsKernels(() => import('@bitwright/tfjs-backend')),
    warnings: parts.flatMap(({ name, isNeeded, purpose, problem }) =>
      problem === undefined
        ? []
        : [
            `${name} ${isNeeded ? 'is needed and' : ''} cannot be used (${purpose}): ${problem.reason}. Fix: ${problem.fix}`,
          ],
    ),
  };
  printResult(document, formatDoctor(document), options, context);
  return parts.some((part) => part.isNeeded && part.problem !== undefined) ? exitCode.failed : exitCode.ok;
}
