import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { rowLine, tfjsMarkdown } from './markdown';
import { growthPerStep, measureMemory } from './memory';
import { profileStep } from './profile';
import { runWorkloads } from './run';
import type { Workload } from './workload';
import { workloads } from './workloads';

interface Flags {
  readonly quick?: boolean;
  readonly only: string;
  readonly threads?: string;
  readonly seconds?: string;
  readonly tfjsNode?: string;
  readonly json?: string;
  readonly markdown?: string;
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
    .option('--only <text>', 'workloads whose name contains the text', '')
    .option('--threads <number>', 'threads of our backend (default: the physical cores)')
    .option('--seconds <number>', 'measuring time per workload and engine', '8')
    .option(
      '--tfjs-node <folder>',
      'folder whose node_modules hold @tensorflow/tfjs-node (default: BITWRIGHT_TFJS_NODE)',
    )
    .option('--json <file>', 'write the results')
    .option('--markdown <file>', 'write the report (default: to the terminal)')
    .action(async (flags: Flags) => {
      const peerFolder = findPeer(flags.tfjsNode ?? process.env['BITWRIGHT_TFJS_NODE']);
      if (peerFolder === undefined) process.stderr.write('tfjs-node was not found: measuring our backend alone\n');
      const report = await runWorkloads(
        workloads.filter(({ name, isQuick }) => name.includes(flags.only) && (isQuick || flags.quick !== true)),
        {
          threads: numberOf(flags.threads),
          seconds: Number(flags.seconds),
          peerFolder,
          onRow: (row) => process.stderr.write(`${rowLine(row)}\n`),
        },
      );
      if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`);
      const markdown = tfjsMarkdown(report);
      if (flags.markdown === undefined) process.stdout.write(markdown);
      else writeFileSync(flags.markdown, markdown);
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
        writeFileSync(flags.json, `${JSON.stringify({ workload: name, samples }, null, 2)}\n`);
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
