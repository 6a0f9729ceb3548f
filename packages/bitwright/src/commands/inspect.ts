import { relative, resolve } from 'node:path';
import { findTarget } from '@bitwright/core';
import { defaultTarget } from '@bitwright/ptq';
import type { CommandDefinition, CommandInput } from '../command';
import { exitCode } from '../exit-code';
import { openModel, withShapes } from '../model/open-model';
import { parseShapes } from '../model/parse-shapes';
import { formatInspection, type InspectDocument } from '../report/format-inspection';
import { printResult } from '../terminal/print-result';
import { inspectOptions } from './inspect-options';

/** `bitwright inspect`: what is in a model and what a target could make of it. */
export const inspect: CommandDefinition<typeof inspectOptions> = {
  name: 'inspect',
  summary: 'show what is in a model and what can be quantized',
  description:
    'Lists operators, parameters, multiply-accumulates and memory of an ONNX model, and which operators a target would run on integers, which not, and why. Runs nothing.',
  args: [{ name: '<model>', description: 'an .onnx file' }],
  options: inspectOptions,
  examples: [
    'bitwright inspect model.onnx',
    'bitwright inspect model.onnx --target ort-web --nodes',
    'bitwright inspect model.onnx --shape input=1x3x224x224 --json',
  ],
  run: runInspect,
};

async function runInspect({ args, options, context }: CommandInput<typeof inspectOptions>): Promise<number> {
  const target = options.target === undefined ? defaultTarget() : findTarget(options.target);
  const shapes = parseShapes(options.shape ?? []).inputs;
  const opened = await openModel(resolve(context.cwd, args[0] ?? ''), args[0]);
  withShapes(opened.inputs, shapes);
  const document: InspectDocument = {
    file: relative(context.cwd, opened.path) || opened.path,
    fileBytes: opened.fileBytes,
    ...context.dependencies.inspectModel(opened.model, { target, shapes }),
  };
  printResult(document, formatInspection(document, options.nodes === true), options, context);
  return exitCode.ok;
}
