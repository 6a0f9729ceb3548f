import type { Buffer } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { InputDataError } from '@bitwright/core';
import { formatBytes } from '@bitwright/ptq';
import type { CommandDefinition, CommandInput } from '../command';
import { convertedStem, convertModel } from '../convert/convert-model';
import { OutputError } from '../errors';
import { exitCode } from '../exit-code';
import { checkOutputs } from '../output/check-outputs';
import { stageTextFiles } from '../output/text-files';
import { printResult } from '../terminal/print-result';
import { formatTable } from '../terminal/table';
import { convertOptions } from './convert-options';

/** `bitwright convert`: a float model from TensorFlow.js to ONNX or back. */
export const convert: CommandDefinition<typeof convertOptions> = {
  name: 'convert',
  summary: 'convert a float model between TensorFlow.js and ONNX',
  description:
    'Converts the model.json of a TensorFlow.js layers or graph model to ONNX, and an .onnx file to a TensorFlow.js layers model that trains. Layers and nodes that have no counterpart are named, and nothing is written.',
  args: [{ name: '<model>', description: 'model.json of TensorFlow.js, or an .onnx file' }],
  options: convertOptions,
  examples: ['bitwright convert web/model.json -o net.onnx', 'bitwright convert resnet20.onnx -o web/resnet20.json'],
  run: runConvert,
};

/** What was converted: plain JSON data. */
interface ConvertDocument {
  readonly source: string;
  readonly from: string;
  readonly to: string;
  readonly parts: number;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly notes: readonly string[];
  readonly isDryRun: boolean;
  readonly warnings: readonly string[];
}

async function runConvert({ args, options, context }: CommandInput<typeof convertOptions>): Promise<number> {
  const shown = args[0] ?? '';
  const path = resolve(context.cwd, shown);
  if (!(await stat(path).catch(() => undefined))?.isFile()) {
    throw new InputDataError({
      operation: '[bitwright] convert',
      expected: 'a model file',
      received: `${shown}, which is none`,
    });
  }
  const given = options.output === undefined ? undefined : resolve(context.cwd, options.output);
  const folder = given === undefined ? dirname(path) : dirname(given);
  const stem =
    given === undefined ? convertedStem(path, dirname(path)) : basename(given).replace(/\.(json|onnx)$/i, '');
  const images = options.channelsFirst === true ? 'channelsFirst' : 'channelsLast';
  const converted = await convertModel(path, shown, stem, { opset: options.opset, images });
  const places = converted.files.map(({ name, bytes }) => ({ path: join(folder, name), bytes }));
  await checkOutputs(
    places.map((place) => place.path),
    { inputs: converted.inputs, force: options.force === true },
  );
  if (options.dryRun !== true) {
    const staged = await stageTextFiles(new Map(places.map((place) => [place.path, place.bytes])));
    try {
      for (const { path: place, bytes } of places)
        await assertWritten(staged.temporaries.get(place) ?? '', place, bytes);
      await staged.commit();
    } finally {
      await staged.discard();
    }
  }
  const document: ConvertDocument = {
    source: shown,
    from: converted.from,
    to: converted.to,
    parts: converted.parts,
    files: places.map((place) => ({ path: relative(context.cwd, place.path), bytes: place.bytes.length })),
    notes: converted.notes,
    isDryRun: options.dryRun === true,
    warnings: [],
  };
  printResult(document, formatConvert(document), options, context);
  return exitCode.ok;
}

/** Reads a file back before it gets its name, a piece at a time. */
async function assertWritten(temporary: string, path: string, bytes: Uint8Array): Promise<void> {
  let at = 0;
  for await (const chunk of createReadStream(temporary, { highWaterMark: 2 ** 20 })) {
    const piece = chunk as Buffer;
    if (piece.compare(bytes, at, at + piece.length) !== 0) break;
    at += piece.length;
  }
  if (at === bytes.length) return;
  throw new OutputError({
    operation: 'output',
    expected: `${bytes.length} bytes as written at ${path}`,
    received: `others from byte ${at}`,
  });
}

/** The same for people. */
function formatConvert({ source, from, to, files, notes, isDryRun }: ConvertDocument): string {
  const table = formatTable(
    ['file', 'size'],
    files.map(({ path, bytes }) => [path, formatBytes(bytes)]),
    ['left', 'right'],
  );
  const lead = `\n${source}: ${from} to ${to}${isDryRun ? ', nothing written' : ''}\n\n`;
  return `${lead}${table}\n${notes.length > 0 ? `\n${notes.map((note) => `  ${note}`).join('\n')}\n` : ''}\n`;
}
