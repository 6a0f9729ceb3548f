import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InputDataError } from '@bitwright/core';
import { convertedStem } from '../convert/convert-model';
import { shellWord } from '../terminal/shell-word';

/**
 * Refuses a TensorFlow.js model.json where an .onnx file is wanted, with the commands that lead there. Other files pass: whoever
 * reads them says what is wrong with them.
 *
 * @param formats what was asked for, as the user wrote it
 * @throws {InputDataError} when the file is a model of TensorFlow.js
 */
export async function refuseWebModel(shown: string, formats: string, cwd: string): Promise<void> {
  const path = resolve(cwd, shown);
  if (!(await isWebModel(path))) return;
  const onnx = shellWord(join(dirname(shown), `${convertedStem(path, dirname(path))}.onnx`));
  throw new InputDataError({
    operation: '[bitwright] export',
    expected: 'a quantized .onnx file, or a float one with --spec',
    received: `${shown}, a TensorFlow.js model`,
    hint: `Convert and quantize it first: \`bitwright convert ${shellWord(shown)} -o ${onnx}\`, then \`bitwright quantize ${onnx} --data <path> --to ${formats}\`.`,
  });
}

/** Whether a file is the model.json of a TensorFlow.js model; files of other extensions are not opened. */
export async function isWebModel(path: string): Promise<boolean> {
  if (!/\.json$/i.test(path)) return false;
  try {
    const json: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof json === 'object' && json !== null && 'modelTopology' in json;
  } catch {
    return false;
  }
}
