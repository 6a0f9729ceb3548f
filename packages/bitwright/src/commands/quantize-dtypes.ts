import { basename, dirname, extname, relative, resolve } from 'node:path';
import { formatWeightReport, parseWeightDType } from '@bitwright/ptq';
import type { CommandInput } from '../command';
import { exitCode } from '../exit-code';
import { openModel } from '../model/open-model';
import { writeDTypeFamily } from '../output/write-dtype-family';
import { printResult } from '../terminal/print-result';
import { createProgress } from '../terminal/progress';
import type { quantizeOptions } from './quantize-options';

/** `bitwright quantize --dtype q8,q4`: one weight-only file per dtype, under the names transformers.js loads. */
export async function quantizeDTypes(dtypes: string, input: CommandInput<typeof quantizeOptions>): Promise<number> {
  const { args, options, context } = input;
  const wanted = dtypes.split(',').map((name) => parseWeightDType(name.trim()));
  const modelPath = resolve(context.cwd, args[0] ?? '');
  const opened = await openModel(modelPath, args[0]);
  const progress = createProgress(context.stderr, options.quiet !== true);
  try {
    const files = await writeDTypeFamily(opened.model, {
      dtypes: wanted,
      folder: options.output === undefined ? dirname(modelPath) : resolve(context.cwd, options.output),
      baseName: basename(modelPath, extname(modelPath)),
      overwrite: options.force === true,
      ...(options.exclude === undefined ? {} : { exclude: options.exclude }),
      ...(options.verify === false ? { verifySamples: 0 } : {}),
      name: opened.name,
      signal: context.signal,
      onProgress: progress.show,
    });
    progress.stop();
    const document = {
      files: files.map(({ dtype, path, byteLength, report }) => ({
        dtype,
        path: relative(context.cwd, path) || path,
        byteLength,
        report,
      })),
      warnings: files.flatMap(({ report }) => report.warnings),
    };
    const text = document.files
      .map(({ path, report }) => `${formatWeightReport({ ...report, warnings: [] })}wrote ${path}\n`)
      .join('\n');
    printResult(document, text, options, context);
    return exitCode.ok;
  } finally {
    progress.stop();
  }
}
