import { performance } from 'node:perf_hooks';
import process from 'node:process';
import {
  chooseQParams,
  findTarget,
  makeRange,
  perAxis,
  type QuantizationSpec,
  type TensorQuantization,
  withScheme,
} from '@bitwright/core';
import { findExporter } from '@bitwright/export';
import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  decodeModel,
  encodeModel,
  intsAttribute,
  type Model,
  tensorFromArray,
} from '@bitwright/onnx';

/** One format of a model of about 100 MB. */
export interface LargeExportRow {
  readonly format: string;
  readonly megabytes: number;
  /** Time of `write`, and of `validate` and `read` on what it wrote. */
  readonly seconds: number;
  readonly readBackSeconds: number;
  /** Growth of the process's peak memory over the size of the model that was given. */
  readonly memoryFactor: number;
  /** What was measured and how busy the machine was; rows without are older than these fields. */
  readonly commit?: string;
  readonly load?: number;
}

const channels = 592;
const depth = 9;

/** Nine convolutions 3×3 of 592 channels: 28 million weights. */
function largeModel(): Model {
  const layers = Array.from({ length: depth }, (_, i) => i);
  const size = channels * channels * 9;
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'large',
      inputs: [createValueInfo('t0', DataType.FLOAT, ['N', channels, 8, 8])],
      outputs: [createValueInfo(`t${depth}`, DataType.FLOAT, ['N', channels, 8, 8])],
      initializers: layers.map((i) =>
        tensorFromArray(
          `w${i}`,
          DataType.FLOAT,
          [channels, channels, 3, 3],
          Float32Array.from({ length: size }, (_, k) => (((k * 2654435761) % 1000) - 500) / 1e5),
        ),
      ),
      nodes: layers.map((i) =>
        createNode({
          opType: 'Conv',
          name: `conv${i}`,
          inputs: [`t${i}`, `w${i}`],
          outputs: [`t${i + 1}`],
          attributes: [intsAttribute('pads', [1, 1, 1, 1])],
        }),
      ),
    }),
  });
}

function largeSpec(target: string): QuantizationSpec {
  const { schemes } = findTarget(target);
  const tensors: Record<string, TensorQuantization> = {};
  const nodes: Record<string, QuantizationSpec['nodes'][string]> = {};
  const weight = withScheme(schemes.weight, { granularity: perAxis(0) });
  const bounds = new Array<number>(channels).fill(0.005);
  for (let i = 0; i <= depth; i++) {
    const qparams = chooseQParams(makeRange(-1, 1), schemes.activation);
    tensors[`t${i}`] = { role: 'activation', scheme: schemes.activation, qparams, origin: { source: 'user' } };
    if (i === depth) break;
    const scales = chooseQParams(
      makeRange(
        bounds.map((v) => -v),
        bounds,
      ),
      weight,
    );
    tensors[`w${i}`] = { role: 'weight', scheme: weight, qparams: scales, origin: { source: 'user' } };
    nodes[`conv${i}`] = { kind: 'integer', operator: 'Conv' };
  }
  return { version: 1, target, tensors, nodes, provenance: { tool: { name: 'bench', version: '0' } } };
}

/** Writes one format of the large model. Run in a process of its own: peak memory never goes down. */
export function measureLargeExport(format: string): LargeExportRow {
  const exporter = findExporter(format);
  // As the command has it: the file's bytes, and the model decoded from them.
  const model = decodeModel(encodeModel(largeModel()));
  const spec = largeSpec(exporter.targets[0] ?? 'ort-x64');
  const size = channels * channels * 9 * 4 * depth;
  const before = process.resourceUsage().maxRSS * 1024;
  const start = performance.now();
  const files = exporter.write(spec, model);
  const seconds = (performance.now() - start) / 1000;
  const grown = Math.max(process.resourceUsage().maxRSS * 1024 - before, 0);
  const checked = performance.now();
  const problems = exporter.validate(files, model);
  if (problems[0] !== undefined) throw new Error(JSON.stringify(problems[0]));
  exporter.read?.(files, model);
  return {
    format: exporter.id,
    megabytes: size / 1e6,
    seconds,
    readBackSeconds: (performance.now() - checked) / 1000,
    memoryFactor: grown / size,
  };
}
