import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { place } from '../measure/place';
import { rowLine, tfjsMarkdown } from './markdown';
import { growthPerStep, measureMemory } from './memory';
import { profileStep } from './profile';
import { mergeRows, writeReport } from './report-file';
import type { TfjsRow } from './result';
import { runWorkloads } from './run';
import type { Workload } from './workload';
import { workloads } from './workloads';

interface Flags {
  readonly quick?: boolean;
  readonly only: string;
  readonly threads?: string;
  readonly seconds?: string;
  readonly tfjsNode?: string;
  readonly pytorch?: string;
  readonly json: string | undefined;
  readonly markdown: string | undefined;
}

interface WorkloadFlags {
  readonly threads?: string;
  readonly steps: string;
  readonly json?: string;
}

/** `bench tfjs`: training steps and predictions of our backend beside tfjs-node's, in turns. */
export function tfjsCommand(): Command {
  return new Command('tfjs')
    .enablePositionalOptions()
    .description('training steps and predictions of the TensorFlow.js backend against @tensorflow/tfjs-node')
    .option('--quick', 'ResNet-20 alone')
    .option('--only <texts>', 'workloads whose name contains one of the texts, comma-separated', '')
    .option('--threads <number>', 'threads of our backend (default: the physical cores)')
    .option('--seconds <number>', 'measuring time per workload and engine', '4')
    .option(
      '--tfjs-node <folder>',
      'folder whose node_modules hold @tensorflow/tfjs-node (default: BITWRIGHT_TFJS_NODE)',
    )
    .option('--pytorch <python>', 'a Python with torch, to measure PyTorch too (default: BITWRIGHT_PYTORCH)')
    .option('--json <file>', 'write the results after every workload; others that are in the file stay')
    .option('--markdown <file>', 'write the report (default: to the terminal)')
    .action(async (flags: Flags) => {
      const peerFolder = findPeer(flags.tfjsNode ?? process.env['BITWRIGHT_TFJS_NODE']);
      if (peerFolder === undefined) process.stderr.write('tfjs-node was not found: measuring without it\n');
      const isChosen = ({ name, isQuick }: Workload): boolean =>
        flags.only.split(',').some((text) => name.includes(text)) && (isQuick || flags.quick !== true);
      const measured: TfjsRow[] = [];
      await runWorkloads(workloads.filter(isChosen), {
        threads: numberOf(flags.threads),
        seconds: Number(flags.seconds),
        peerFolder,
        python: flags.pytorch ?? process.env['BITWRIGHT_PYTORCH'],
        onRow: (row) => {
          process.stderr.write(`${rowLine(row)}\n`);
          measured.push(row);
          writeReport(flags, mergeRows(flags, measured));
        },
      });
      if (flags.markdown === undefined) process.stdout.write(tfjsMarkdown(mergeRows(flags, measured)));
    })
    .addCommand(memoryCommand())
    .addCommand(profileCommand());
}

// — internals —

function memoryCommand(): Command {
  return new Command('memory')
    .description('tensors, external and resident memory over many steps of our backend')
    .argument('[workload]', 'name of a workload', 'resnet20-train')
    .option('--steps <number>', 'steps to run', '2000')
    .option('--threads <number>', 'threads (default: the physical cores)')
    .option('--json <file>', 'write the samples')
    .action(async (name: string, flags: WorkloadFlags) => {
      const samples = await measureMemory(workloadNamed(name), {
        steps: Number(flags.steps),
        threads: numberOf(flags.threads),
        onSample: (sample) => process.stderr.write(`${JSON.stringify(sample)}\n`),
      });
      process.stdout.write(`resident memory grows by ${growthPerStep(samples).toFixed(0)} bytes per step\n`);
      if (flags.json !== undefined)
        writeFileSync(place(flags.json), `${JSON.stringify({ workload: name, samples }, null, 2)}\n`);
    });
}

function profileCommand(): Command {
  return new Command('profile')
    .description('time per kernel over one step of our backend')
    .argument('[workload]', 'name of a workload', 'resnet20-train')
    .option('--threads <number>', 'threads (default: the physical cores)')
    .action(async (name: string, flags: WorkloadFlags) => {
      for (const { kernel, calls, ms } of await profileStep(workloadNamed(name), numberOf(flags.threads))) {
        process.stdout.write(
          `${kernel.padEnd(36)} ${ms.toFixed(2).padStart(9)} ms ${String(calls).padStart(5)} calls\n`,
        );
      }
    });
}

function workloadNamed(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name);
  if (found !== undefined) return found;
  throw new Error(`no workload "${name}"; there are ${workloads.map((workload) => workload.name).join(', ')}`);
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function findPeer(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  return existsSync(join(folder, 'node_modules/@tensorflow/tfjs-node')) ? folder : undefined;
}
