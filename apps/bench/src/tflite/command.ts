import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { exporters } from '@bitwright/export';
import { Command } from 'commander';
import { exportCases } from '../export/cases';
import { dataFolder } from '../measure/data-folder';
import { currentCommit, describeMachine } from '../measure/machine';
import { measureTflite } from './accuracy';
import { type LargeExportRow, measureLargeExport } from './large-export';
import { type TfliteReport, tfliteMarkdown } from './markdown';

interface Flags {
  readonly only: string;
  readonly python: string;
  readonly data?: string;
  readonly samples?: string;
  readonly formats?: string;
  readonly largeFormat?: string;
  readonly json: string;
  readonly markdown: string;
}

const results = join(import.meta.dirname, '../../results');

/** `bench tflite`: accuracy of exported .tflite files, and every format of a large model. Resumes part by part. */
export function tfliteCommand(): Command {
  return new Command('tflite')
    .description('exported .tflite files in TensorFlow’s interpreter beside their spec; time and memory of exporters')
    .option('--only <names>', 'models, large; comma-separated (default: all)', '')
    .option('--python <path>', 'a Python with TensorFlow', process.env['BITWRIGHT_PYTHON'] ?? 'python3')
    .option('--data <folder>', 'folder with models and data (default: data in BITWRIGHT_SHARED or ../shared)')
    .option('--samples <number>', 'test samples used at most')
    .option('--formats <ids>', 'formats of the large model; the others keep their rows (default: all)')
    .option('--large-format <id>', 'prints the measurement of one format; used by the command itself')
    .option('--json <file>', 'results, read first and added to', join(results, 'tflite.json'))
    .option('--markdown <file>', 'report', join(results, 'tflite.md'))
    .action(async (flags: Flags) => {
      if (flags.largeFormat !== undefined) {
        process.stdout.write(`${JSON.stringify(measureLargeExport(flags.largeFormat))}\n`);
        return;
      }
      const isWanted = (name: string): boolean => flags.only === '' || flags.only.split(',').includes(name);
      let report: TfliteReport = existsSync(flags.json)
        ? (JSON.parse(readFileSync(flags.json, 'utf8')) as TfliteReport)
        : { machine: describeMachine(), commit: currentCommit() };
      const keep = (part: Partial<TfliteReport>): void => {
        report = { ...report, ...part };
        writeFileSync(flags.json, `${JSON.stringify(report, undefined, 2)}\n`);
        writeFileSync(flags.markdown, tfliteMarkdown(report));
      };
      if (isWanted('large')) {
        const formats = flags.formats?.split(',');
        const rows = measureFormats((id) => formats?.includes(id) ?? true);
        const before = (report.large ?? []).filter(({ format }) => !rows.some((row) => row.format === format));
        const place = ({ format }: LargeExportRow): number => exporters.findIndex(({ id }) => id === format);
        keep({ large: [...before, ...rows].sort((a, b) => place(a) - place(b)) });
      }
      for (const given of exportCases.filter(({ model }) => isWanted(model))) {
        const measured = await measureTflite(given, {
          folder: dataFolder(flags.data),
          python: flags.python,
          samples: Number(flags.samples ?? Number.POSITIVE_INFINITY),
        });
        const others = (report.cases ?? []).filter(({ model }) => model !== given.model);
        keep({
          cases: [...others, measured],
          tensorflow: tensorflowVersion(flags.python),
          machine: describeMachine(),
          commit: currentCommit(),
        });
        process.stderr.write(`${given.model}\n`);
      }
    });
}

// — internals —

/** Each format in a process of its own, because peak memory never goes down. */
function measureFormats(isWanted: (id: string) => boolean): LargeExportRow[] {
  return exporters
    .filter(({ id }) => !id.startsWith('onnx-') && id !== 'vitis-positions' && isWanted(id))
    .map(({ id }) => {
      const [node, ...args] = [
        process.execPath,
        ...process.execArgv,
        process.argv[1] ?? '',
        'tflite',
        '--large-format',
        id,
      ];
      const row = JSON.parse(execFileSync(node, args, { encoding: 'utf8' })) as LargeExportRow;
      return { ...row, commit: currentCommit(), load: describeMachine().load };
    });
}

function tensorflowVersion(python: string): string {
  const script =
    'import importlib.metadata as m, itertools as i; print(next(v for n in ("tensorflow", "tensorflow_cpu") for v in [next((d.version for d in m.distributions() if d.metadata["Name"] in (n, n.replace("_", "-"))), None)] if v))';
  return execFileSync(python, ['-c', script], { encoding: 'utf8' }).trim();
}
