import { dirname, resolve } from 'node:path';
import type { CommandDefinition, CommandInput } from '../command';
import { UsageError } from '../errors';
import { exitCode } from '../exit-code';
import { openExportSource } from '../export/export-source';
import { parseFormats } from '../export/parse-formats';
import { isWebModel, refuseWebModel } from '../export/refuse-web-model';
import { requestsFor } from '../export/requests';
import { shownExports, writeExports } from '../export/write-exports';
import { type ExportDocument, formatExport } from '../report/format-export';
import { printResult } from '../terminal/print-result';
import { convert } from './convert';
import { exportOptions } from './export-options';

type Options = CommandInput<typeof exportOptions>['options'];

/** `bitwright export`: a quantized model, or a float one with its spec, in the formats of other toolchains. */
export const exportCommand: CommandDefinition<typeof exportOptions> = {
  name: 'export',
  summary: 'write a quantized model in the format of another toolchain',
  description:
    'Takes a quantized .onnx file (or a float one with --spec) and writes what other toolchains read. Every format is checked before anything is written; every file is read back and compared before it gets its name.',
  args: [
    {
      name: '<model>',
      description:
        'quantized .onnx file; with --spec the float one; a spec with --model; or, with --to onnx, model.json of TensorFlow.js',
    },
  ],
  options: exportOptions,
  examples: [
    'bitwright export resnet20.int8.onnx --to tflite',
    'bitwright export resnet20.onnx --spec resnet20.int8.spec.json --to ncnn -o out/',
    'bitwright export net.int8.onnx --to qnn --format-version 0.6.1',
  ],
  run: runExport,
};

async function runExport({ args, options, context, configPath }: CommandInput<typeof exportOptions>): Promise<number> {
  if (options.to === undefined) {
    throw new UsageError({ operation: '[bitwright] export', expected: 'a format: --to <format>', received: 'none' });
  }
  if (options.to === 'onnx' && (await isWebModel(resolve(context.cwd, args[0] ?? '')))) {
    return convert.run({
      args,
      context,
      configPath,
      options: { ...options, opset: undefined, channelsFirst: undefined },
    });
  }
  const exporters = parseFormats(options.to);
  const requests = requestsFor(exporters, options);
  for (const file of [args[0], options.model]) {
    if (file !== undefined) await refuseWebModel(file, options.to, context.cwd);
  }
  const { model, spec } = sourceFiles(args[0] ?? '', options);
  const target = options.target ?? exporters.find((each) => each.targets.length > 0)?.targets[0] ?? 'ort-x64';
  const source = await openExportSource({ model, spec, target, cwd: context.cwd });
  const written = await writeExports(requests, {
    model: source.model,
    spec: source.spec,
    stem: source.stem,
    output: options.output,
    folder: dirname(resolve(context.cwd, model)),
    cwd: context.cwd,
    inputs: source.inputs,
    force: options.force === true,
    dryRun: options.dryRun === true,
  });
  const document: ExportDocument = {
    source: model,
    target: source.spec.target,
    tensors: Object.keys(source.spec.tensors).length,
    exports: shownExports(written, context.cwd),
    isDryRun: options.dryRun === true,
    warnings: [],
  };
  printResult(document, formatExport(document), options, context);
  return exitCode.ok;
}

// — internals —

/** Model and spec: the argument is either of them. */
function sourceFiles(
  argument: string,
  { model, spec }: Pick<Options, 'model' | 'spec'>,
): { readonly model: string; readonly spec: string | undefined } {
  if (!/\.json$/i.test(argument)) return { model: argument, spec };
  if (model !== undefined) return { model, spec: argument };
  throw new UsageError({
    operation: '[bitwright] export',
    expected: 'the float model of the spec: --model <file>',
    received: `${argument} alone`,
  });
}
