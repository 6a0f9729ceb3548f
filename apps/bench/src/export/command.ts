import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Command } from 'commander';
import { dataFolder } from '../measure/data-folder';
import { currentCommit, describeMachine } from '../measure/machine';
import { exportCases } from './cases';
import { measureClassifiers } from './classifiers';
import { measureForms, retime } from './forms';
import { measureLargeModel } from './large-model';
import { type ExportReport, exportMarkdown } from './markdown';
import { measureRoundTrips } from './round-trips';

interface Flags {
  readonly only: string;
  readonly data?: string;
  readonly times?: boolean;
  readonly turns: string;
  readonly json: string;
  readonly markdown: string;
}

const results = join(import.meta.dirname, '../../results');

/** `bench export`: every ONNX form of the real models beside its reference, round trips, and a large model. Resumes part by part. */
export function exportCommand(): Command {
  return new Command('export')
    .description('ONNX forms of quantized models beside their reference; TensorFlow.js models both ways')
    .option('--only <names>', 'models, classifiers, round-trips, large; comma-separated (default: all)', '')
    .option('--data <folder>', 'folder with models and data (default: data in BITWRIGHT_SHARED or ../shared)')
    .option('--times', 'only the times of models whose accuracy is in the results already')
    .option('--turns <number>', 'turns of the timing', '15')
    .option('--json <file>', 'results, read first and added to', join(results, 'export.json'))
    .option('--markdown <file>', 'report', join(results, 'export.md'))
    .action(async (flags: Flags) => {
      const wanted = flags.only === '' ? undefined : flags.only.split(',');
      const isWanted = (name: string): boolean => wanted === undefined || wanted.includes(name);
      let report: ExportReport = existsSync(flags.json)
        ? (JSON.parse(readFileSync(flags.json, 'utf8')) as ExportReport)
        : { machine: describeMachine(), commit: currentCommit() };
      const keep = (part: Partial<ExportReport>): void => {
        report = { ...report, ...part, machine: describeMachine(), commit: currentCommit() };
        writeFileSync(flags.json, `${JSON.stringify(report, undefined, 2)}\n`);
        writeFileSync(flags.markdown, exportMarkdown(report));
      };
      if (flags.times !== true && isWanted('large')) keep({ large: measureLargeModel() });
      if (flags.times !== true && isWanted('round-trips')) keep({ roundTrips: await measureRoundTrips() });
      if (flags.times !== true && isWanted('classifiers'))
        keep({ classifiers: await measureClassifiers(dataFolder(flags.data)) });
      for (const given of exportCases.filter(({ model }) => isWanted(model))) {
        const known = report.forms?.find(({ model }) => model === given.model);
        if (flags.times === true && known === undefined) continue;
        const result =
          flags.times === true && known !== undefined
            ? await retime(given, dataFolder(flags.data), Number(flags.turns), known)
            : await measureForms(given, dataFolder(flags.data), Number(flags.turns));
        keep({ forms: [...(report.forms ?? []).filter(({ model }) => model !== given.model), result] });
        process.stderr.write(`${given.model}\n`);
      }
    });
}
