import { relative, resolve } from 'node:path';
import { type Comparison, compareModels } from '@bitwright/ptq';
import type { CommandDefinition, CommandInput } from '../command';
import { parsePreprocess } from '../data/parse-preprocess';
import { exitCode } from '../exit-code';
import { loadCharts } from '../html-report/load-charts';
import { renderHtmlReport } from '../html-report/render-html-report';
import { hasInt8Products, readCpu } from '../machine/cpu';
import { type OpenedModel, openModel, withShapes } from '../model/open-model';
import { parseShapes } from '../model/parse-shapes';
import { checkOutputs } from '../output/check-outputs';
import { writeTextFile } from '../output/text-files';
import { formatComparison } from '../report/format-comparison';
import { createPaint } from '../terminal/colour';
import { printResult } from '../terminal/print-result';
import { createProgress, type ProgressDisplay } from '../terminal/progress';
import { type CompareData, openCompareData } from './compare-data';
import { checkGates, type Demands, type Gate, readDemands } from './compare-gates';
import { compareOptions } from './compare-options';
import { dataPaths, fromProcessFolder } from './data-paths';

type Input = CommandInput<typeof compareOptions>;

/** What `--json` prints: the comparison and what the command adds to it. */
export interface CompareDocument extends Comparison {
  readonly files: { readonly float: string; readonly quantized: string; readonly html: string | undefined };
  /** Demands of `--fail-under-sqnr` and `--max-latency-ratio`. */
  readonly gates: readonly Gate[];
  readonly warnings: readonly string[];
}

const defaultSamples = 64;
const defaultTop = 10;

/** `bitwright compare`: what quantization did to each layer, for models made by any tool. */
export const compare: CommandDefinition<typeof compareOptions> = {
  name: 'compare',
  summary: 'show what quantization does to each layer of a model made by any tool',
  description:
    'Runs a float model and its quantized version on the same samples and compares them layer by layer: the error of each layer by itself and with everything before it quantized, saturation, weights, memory and latency; and says what to do next. The quantized model may come from any tool: QDQ, QLinear operators, dynamic or weight-only.',
  args: [
    { name: '<float>', description: 'float model, an .onnx file' },
    { name: '<quantized>', description: 'the model made from it, an .onnx file' },
  ],
  options: compareOptions,
  examples: [
    'bitwright compare resnet20.onnx resnet20.int8.onnx --data test.npy --labels labels.npy',
    'bitwright compare mobilenet.onnx theirs.onnx --data ./images --preprocess imagenet --html report.html',
    'bitwright compare model.onnx model.int8.onnx --data test.npy --fail-under-sqnr 30 --max-latency-ratio 1',
  ],
  run: runCompare,
};

async function runCompare(input: Input): Promise<number> {
  const { args, options, context } = input;
  const demands = readDemands({
    failUnderSqnr: options.failUnderSqnr,
    maxLatencyRatio: options.maxLatencyRatio,
    latencyRuns: options.latencyRuns,
  });
  const [floatPath = '', quantizedPath = ''] = args.map((path) => resolve(context.cwd, path));
  const htmlPath = options.html === undefined ? undefined : resolve(context.cwd, options.html);
  const charts = htmlPath === undefined ? undefined : await loadCharts();
  const float = await openModel(floatPath, args[0]);
  const quantized = await openModel(quantizedPath, args[1]);
  const { inputs, data: openRequested } = prepareData(float, input);
  if (htmlPath !== undefined) {
    const labels = options.labels === undefined ? [] : [resolve(context.cwd, options.labels)];
    const read = [floatPath, quantizedPath, ...dataPaths(options.data ?? [], inputs, context.cwd), ...labels];
    await checkOutputs([htmlPath], { inputs: read, force: options.force === true });
  }
  const progress = createProgress(context.stderr, options.quiet !== true);
  try {
    progress.show({ phase: 'read data', done: 0, total: undefined, etaMs: undefined });
    const data = await openRequested();
    const document = await compareAndCheck(float, quantized, data, demands, input, progress);
    if (htmlPath !== undefined && charts !== undefined) {
      await writeTextFile(htmlPath, renderHtmlReport(document, charts));
    }
    progress.stop();
    return printComparison(document, input);
  } finally {
    progress.stop();
  }
}

// — internals —

function prepareData(float: OpenedModel, { options, context }: Input) {
  const { preprocess: preset, resize, crop, mean, std, scale, layout, channels, labels } = options;
  const preprocess = parsePreprocess({ preset, resize, crop, mean, std, scale, layout, channels });
  const shapes = parseShapes(options.shape ?? []);
  const inputs = withShapes(float.inputs, shapes.inputs);
  const data = (): Promise<CompareData> =>
    openCompareData({
      data: fromProcessFolder(options.data ?? [], inputs, context.cwd),
      labels: labels === undefined ? undefined : fromProcessFolder([labels], [], context.cwd)[0],
      samples: options.samples ?? defaultSamples,
      seed: options.seed ?? 0,
      shapes,
      preprocess,
      allowRandom: options.allowRandom === true,
      skipUnreadable: options.skipUnreadable === true,
      inputs,
    });
  return { inputs, data };
}

async function compareAndCheck(
  float: OpenedModel,
  quantized: OpenedModel,
  data: CompareData,
  demands: Demands,
  { options, context }: Input,
  progress: ProgressDisplay,
): Promise<CompareDocument> {
  const { batchSize, threads, latencyRuns, latencyBatch } = options;
  const products = hasInt8Products(readCpu().features);
  const comparison = await compareModels(float.model, quantized.model, {
    source: data.source,
    runtime: await context.dependencies.loadRuntime(),
    samples: options.samples ?? defaultSamples,
    names: { float: float.name, quantized: quantized.name },
    signal: context.signal,
    onProgress: progress.show,
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(threads === undefined ? {} : { threads }),
    ...(latencyRuns === undefined ? {} : { latencyRuns }),
    ...(latencyBatch === undefined ? {} : { latencyBatch }),
    ...(data.evaluation === undefined ? {} : { evaluation: data.evaluation }),
    ...(products === undefined ? {} : { hasInt8Products: products }),
  });
  const show = (path: string): string => relative(context.cwd, path) || path;
  return {
    ...comparison,
    files: {
      float: show(float.path),
      quantized: show(quantized.path),
      html: options.html === undefined ? undefined : show(resolve(context.cwd, options.html)),
    },
    gates: checkGates(comparison, demands),
    warnings: [...data.warnings(), ...comparison.notes],
  };
}

function printComparison(document: CompareDocument, { options, context }: Input): number {
  const top = options.all === true ? document.layers.length : (options.top ?? defaultTop);
  const text = formatComparison(document, { width: context.stdout.columns ?? 100, top });
  printResult(document, text, options, context);
  const failed = document.gates.filter((gate) => !gate.isPassed);
  const paint = createPaint(context.stderr, context.env);
  for (const gate of failed) context.stderr.write(`${paint.error('failed:')} ${gate.message} (${gate.option})\n`);
  return failed.length === 0 ? exitCode.ok : exitCode.failed;
}
