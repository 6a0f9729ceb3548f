import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadNativeBackend } from '@bitwright/kernels-native';
import { Command } from 'commander';
import { place } from '../measure/place';
import { addToReport } from './add-to-report';
import { kernelMarkdown, rowLine } from './markdown';
import type { KernelReport } from './result';
import { runSuites } from './run-suites';
import { kernelSuites } from './suites';

interface Flags {
  readonly quick?: boolean;
  readonly only: string;
  readonly isa?: string;
  readonly threads?: string;
  readonly seconds?: string;
  readonly json?: string;
  readonly add?: boolean;
  readonly markdown?: string;
}

/** `bench kernels`: our kernels and the peer's, in turns, on one operation at a time. */
export function kernelsCommand(): Command {
  return new Command('kernels')
    .description('kernels against onnxruntime-node on the same operation, and against the limits of this machine')
    .option('--quick', 'the few most telling cases, under a minute')
    .option('--only <text>', 'cases whose "suite group case" contains the text', '')
    .option('--isa <names>', 'instruction sets, comma-separated (default: the fastest)')
    .option('--threads <numbers>', 'threads, comma-separated (default: 1 and all cores)')
    .option('--seconds <number>', 'measuring time per case and side')
    .option('--json <file>', 'write the results')
    .option('--add', 'keep the rows of the JSON file that are not measured now, if they are of this commit')
    .option('--markdown <file>', 'write the report (default: to the terminal)')
    .action(async (flags: Flags) => {
      const { addon } = loadNativeBackend();
      const isQuick = flags.quick === true;
      const cores = addon.physicalCores();
      const measured = await runSuites(kernelSuites, {
        isas: flags.isa?.split(',') ?? [addon.tiers().at(-1) as string],
        threads: flags.threads?.split(',').map(Number) ?? (cores > 1 ? [1, cores] : [1]),
        isQuick,
        only: flags.only,
        seconds: Number(flags.seconds ?? (isQuick ? 0.1 : 1)),
        turn: 20,
        // onnxruntime's threads spin for more than 10 ms after a call, on the core our worker needs.
        pause: 30,
        onRow: (row) => process.stderr.write(`${rowLine(row)}\n`),
      });
      const report = flags.add === true ? addTo(flags.json, measured) : measured;
      if (flags.json !== undefined) writeFileSync(place(flags.json), `${JSON.stringify(report, null, 2)}\n`);
      const markdown = kernelMarkdown(report, kernelSuites);
      if (flags.markdown === undefined) process.stdout.write(markdown);
      else writeFileSync(place(flags.markdown), markdown);
    });
}

// — internals —

/** The report with what the file already holds. */
function addTo(file: string | undefined, report: KernelReport): KernelReport {
  if (file === undefined || !existsSync(place(file))) return report;
  const earlier = JSON.parse(readFileSync(place(file), 'utf8')) as KernelReport;
  return addToReport(earlier, report, kernelSuites);
}
