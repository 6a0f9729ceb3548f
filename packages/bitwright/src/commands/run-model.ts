import { relative, resolve } from 'node:path';
import { formatBytes } from '@bitwright/ptq';
import type { CommandDefinition, CommandInput } from '../command';
import { loadLabels } from '../data/labels';
import { encodeNpy } from '../data/npy';
import { parsePreprocess } from '../data/parse-preprocess';
import { type OpenedSamples, openSamples } from '../data/sample-source';
import { UsageError } from '../errors';
import { exitCode } from '../exit-code';
import { withShapes } from '../model/open-model';
import { parseShapes } from '../model/parse-shapes';
import { checkOutputs } from '../output/check-outputs';
import { writeTextFile } from '../output/text-files';
import { type OpenedPackedModel, openPackedModel } from '../packed/open-packed-model';
import { runSamples } from '../packed/run-samples';
import { printResult } from '../terminal/print-result';
import { createProgress } from '../terminal/progress';
import { dataPaths, fromProcessFolder } from './data-paths';
import { describeSkipped, refuseUnreadable } from './open-data';
import { runOptions } from './run-options';

type Input = CommandInput<typeof runOptions>;

const defaultBatch = 16;

/** `bitwright run`: a packed model in integers, on our own kernels. */
export const runModel: CommandDefinition<typeof runOptions> = {
  name: 'run',
  summary: 'run a packed model in integers, on the kernels of this CPU',
  description:
    'Runs a .bwpk file of `bitwright export --to packed` on samples: codes from operator to operator, as the spec says. Measures accuracy where labels are given, and writes the outputs where asked.',
  args: [{ name: '<model>', description: 'packed model, a .bwpk file' }],
  options: runOptions,
  examples: [
    'bitwright run resnet20.bwpk --data test.npy --labels labels.npy',
    'bitwright run resnet20.bwpk --data test.npy -o logits.npy --threads 2',
  ],
  run,
};

/** What was run: plain JSON data. */
interface RunDocument {
  readonly model: string;
  readonly bytes: number;
  readonly operators: string;
  readonly threads: number;
  readonly samples: number;
  readonly millisecondsPerSample: number;
  readonly top1: number | undefined;
  readonly output: { readonly name: string; readonly shape: readonly number[]; readonly file: string | undefined };
  readonly warnings: readonly string[];
}

async function run(input: Input): Promise<number> {
  const { args, options, context } = input;
  const shown = args[0] ?? '';
  if (options.data === undefined || options.data.length === 0) {
    throw new UsageError({ operation: 'run', expected: 'samples: --data <path>', received: 'none' });
  }
  const threads = options.threads ?? 1;
  const path = resolve(context.cwd, shown);
  const opened = await openPackedModel(path, shown, { threads, isReference: options.reference === true });
  const output = options.output === undefined ? undefined : resolve(context.cwd, options.output);
  if (output !== undefined) {
    const labels = options.labels === undefined ? [] : [resolve(context.cwd, options.labels)];
    const read = [path, ...dataPaths(options.data, opened.inputs, context.cwd), ...labels];
    await checkOutputs([output], { inputs: read, force: options.force === true });
  }
  const samples = await openRunSamples(opened, input);
  if (options.skipUnreadable !== true) await refuseUnreadable(samples);
  const labels = await openRunLabels(samples, input);
  const progress = createProgress(context.stderr, options.quiet !== true);
  try {
    const result = await runSamples(opened.model, samples, {
      batchSize: options.batchSize ?? defaultBatch,
      labels,
      isKept: output !== undefined,
      signal: context.signal,
      onProgress: (done) => progress.show({ phase: 'run', done, total: samples.length, etaMs: undefined }),
    });
    if (output !== undefined) {
      const { shape: dims, data } = result.output;
      await writeTextFile(output, encodeNpy({ type: 'float32', dims, data }));
    }
    progress.stop();
    const document: RunDocument = {
      model: shown,
      bytes: opened.bytes,
      operators: opened.operators,
      threads: opened.operators === 'native' ? threads : 1,
      samples: result.samples,
      millisecondsPerSample: result.milliseconds / result.samples,
      top1: result.top1,
      output: {
        name: result.output.name,
        shape: result.output.shape,
        file: output === undefined ? undefined : relative(context.cwd, output) || output,
      },
      warnings: [
        ...(opened.fallback === undefined ? [] : [`no native kernels, the reference ran: ${opened.fallback}`]),
        ...samples.notes(),
        ...describeSkipped(samples),
      ],
    };
    printResult(document, formatRun(document), options, context);
    return exitCode.ok;
  } finally {
    progress.stop();
  }
}

// — internals —

function openRunSamples({ inputs }: OpenedPackedModel, { options, context }: Input): Promise<OpenedSamples> {
  const { preprocess: preset, resize, crop, mean, std, scale, layout, channels } = options;
  const shapes = parseShapes(options.shape ?? []);
  return openSamples(fromProcessFolder(options.data ?? [], inputs, context.cwd), {
    inputs: withShapes(inputs, shapes.inputs),
    preprocess: parsePreprocess({ preset, resize, crop, mean, std, scale, layout, channels }),
    shape: shapes.sample,
  });
}

async function openRunLabels(samples: OpenedSamples, { options, context }: Input): Promise<Int32Array | undefined> {
  if (options.labels === undefined) return undefined;
  const path = fromProcessFolder([options.labels], [], context.cwd)[0] ?? options.labels;
  const sampleCount = samples.total ?? (await samples.sampleIndices()).length;
  return loadLabels(path, { sampleCount, sampleNames: samples.names });
}

/** The same for people. */
function formatRun({
  model,
  bytes,
  operators,
  threads,
  samples,
  millisecondsPerSample,
  top1,
  output,
}: RunDocument): string {
  const kernels =
    operators === 'native' ? `native kernels, ${threads} thread${threads === 1 ? '' : 's'}` : 'TypeScript reference';
  const lines = [
    `${model} (${formatBytes(bytes)}), ${kernels}`,
    '',
    `  ${samples} samples, ${millisecondsPerSample.toFixed(3)} ms each`,
    ...(top1 === undefined ? [] : [`  top-1 ${(100 * top1).toFixed(2)} %`]),
    `  ${output.name} [${output.shape.join(',')}]${output.file === undefined ? '' : ` → ${output.file}`}`,
  ];
  return `\n${lines.join('\n')}\n\n`;
}
