import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { rowLine, tfjsMarkdown } from './markdown';
import { runWorkloads } from './run';
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

/** `bench tfjs`: training steps and predictions of our backend beside tfjs-node's, in turns. */
export function tfjsCommand(): Command {
  return new Command('tfjs')
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
          threads: flags.threads === undefined ? undefined : Number(flags.threads),
          seconds: Number(flags.seconds),
          peerFolder,
          onRow: (row) => process.stderr.write(`${rowLine(row)}\n`),
        },
      );
      if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`);
      const markdown = tfjsMarkdown(report);
      if (flags.markdown === undefined) process.stdout.write(markdown);
      else writeFileSync(flags.markdown, markdown);
    });
}

// — internals —

function findPeer(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  return existsSync(join(folder, 'node_modules/@tensorflow/tfjs-node')) ? folder : undefined;
}
