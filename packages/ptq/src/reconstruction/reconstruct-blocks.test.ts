import {
  type ConvolutionBackend,
  meanSquaredError,
  ortX64,
  type QuantizationSpec,
  referenceBackend,
  referenceConvolution,
} from '@bitwright/core';
import { writeQdq } from '@bitwright/export';
import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  encodeModel,
  graphIndex,
  type Model,
  tensorFromArray,
  tensorToFloat32,
} from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Feeds } from '../feeds';
import { quantizeModel } from '../quantize-model';
import { residualNetwork, smoothSamples, values } from '../rounding/__fixtures__/residual-network';
import { loadRuntime, type Runtime } from '../session';
import { verifyExported } from '../verify';
import { reconstructBlocks } from './reconstruct-blocks';
import type { ReconstructBlocksOptions } from './reconstruction-options';

const model = residualNetwork();
const source = smoothSamples(64, 5);
let runtime: Runtime;
let start: { readonly model: Model; readonly spec: QuantizationSpec };
let float: Model;

beforeAll(async () => {
  runtime = await loadRuntime(ort);
  const common = {
    calibration: source,
    runtime,
    target: ortX64,
    bits: 'w3a3',
    activationRange: meanSquaredError(),
    verifySamples: 0,
  };
  const { floatModel, spec } = await quantizeModel(model, common);
  float = floatModel;
  start = { model: floatModel, spec };
});

const reconstruct = (options: Partial<ReconstructBlocksOptions> = {}) =>
  reconstructBlocks(float, start, {
    runtime,
    source,
    iterations: 120,
    batchSize: 8,
    drop: false,
    weightRate: 0.02,
    scaleRate: 0.002,
    ...options,
  });

describe('reconstructBlocks', () => {
  it('brings blocks closer to float than round-to-nearest, and the file with them', async () => {
    const { blocks, model: learned, spec } = await reconstruct();
    const residual = blocks.find(({ layers }) => layers.length === 2)!;
    expect(residual).toMatchObject({ output: 'g', layers: ['depthwise', 'pointwise'] });
    expect(residual.after!).toBeLessThan(0.9 * residual.before!);
    expect(blocks[0]).toMatchObject({ layers: ['stem'], reason: 'nothing up to here has fewer than 7 bits' });
    const quality = async (of: typeof start): Promise<number> => {
      const file = encodeModel(writeQdq(of.model, of.spec, ortX64));
      const options = { runtime, source: smoothSamples(64, 1234), batchSize: 32, limit: 64 };
      return (await verifyExported(encodeModel(model), file, options)).outputs[0]!.sqnrDb;
    };
    expect(await quality({ model: learned, spec })).toBeGreaterThan(await quality(start));
  });

  it('leaves weights on their grids and biases in steps of both scales', async () => {
    const { model: learned, spec } = await reconstruct();
    const weight = tensorToFloat32(graphIndex(learned.graph!).initializer('depthwise.w')!);
    const { scale } = spec.tensors['depthwise.w']!.qparams;
    weight.forEach((w, i) => {
      const level = w / scale[Math.floor(i / 9)]!;
      expect(Math.abs(level - Math.round(level))).toBeLessThan(1e-5);
    });
    const activation = spec.tensors['b_narrow']!.qparams.scale[0]!;
    expect(activation).not.toBe(start.spec.tensors['b_narrow']!.qparams.scale[0]);
    expect([...spec.tensors['depthwise.b']!.qparams.scale]).toEqual([...scale].map((s) => Math.fround(activation * s)));
  });

  it('repeats itself by seed, and not with another one', async () => {
    const bytes = async (seed: number): Promise<string> => {
      const { model: learned } = await reconstruct({ iterations: 10, seed });
      return Buffer.from(encodeModel(learned)).toString('base64');
    };
    const first = await bytes(1);
    expect(await bytes(1)).toBe(first);
    expect(await bytes(2)).not.toBe(first);
  });

  it('stops when told to', async () => {
    const controller = new AbortController();
    const onProgress = (): void => {
      setTimeout(() => controller.abort(), 5);
    };
    await expect(reconstruct({ iterations: 100_000, signal: controller.signal, onProgress })).rejects.toThrow(/cancel/);
  });

  it('refuses settings outside their ranges', async () => {
    await expect(reconstruct({ iterations: 0 })).rejects.toThrow(/iterations to be a positive integer, received 0/);
    await expect(reconstruct({ scaleRate: 1 })).rejects.toThrow(/scaleRate within \[0, 1\), received 1/);
  });

  it('is a rounding of quantizeModel', async () => {
    const { report } = await quantizeModel(model, {
      calibration: source,
      runtime,
      target: ortX64,
      bits: 'w3a3',
      rounding: 'brecq',
      reconstruction: { iterations: 20, batchSize: 8 },
      verifySamples: 0,
    });
    expect(report.refinement[1]).toMatch(/^block reconstruction of \d of 3 blocks/);
  });

  it('leaves products over many rows of a sample as they are, and says so', async () => {
    const tokens = (seed: number): Feeds => ({
      x: { type: 'float32', data: values(8 * 5 * 6, seed), dims: [8, 5, 6] },
    });
    const weight = (name: string, seed: number) => tensorFromArray(name, DataType.FLOAT, [6, 6], values(36, seed));
    const node = (opType: string, inputs: readonly string[], output: string) =>
      createNode({ opType, name: output, inputs, outputs: [output] });
    const perToken = createModel({
      irVersion: 8,
      opsets: { '': 17 },
      graph: createGraph({
        name: 'tokens',
        nodes: [node('MatMul', ['x', 'w1'], 'a'), node('Relu', ['a'], 'b'), node('MatMul', ['b', 'w2'], 'y')],
        inputs: [createValueInfo('x', DataType.FLOAT, ['n', 5, 6])],
        outputs: [createValueInfo('y', DataType.FLOAT, ['n', 5, 6])],
        initializers: [weight('w1', 1), weight('w2', 2)],
      }),
    });
    const { report } = await quantizeModel(perToken, {
      calibration: [tokens(1), tokens(2)],
      runtime,
      target: ortX64,
      bits: { weightBits: 3, activationBits: 3, keepFirstAndLast: false },
      rounding: 'brecq',
      reconstruction: { iterations: 2 },
      verifySamples: 0,
    });
    expect(report.refinement[1]).toBe('block reconstruction of 0 of 2 blocks');
  });

  it('learns on as many samples at a time as it says, however many calibration takes per run', async () => {
    const batches = new Set<number>();
    const convolveBackwardFilter: ConvolutionBackend['convolveBackwardFilter'] = (shape, ...rest) => {
      batches.add(shape.batch);
      referenceConvolution.convolveBackwardFilter(shape, ...rest);
    };
    await quantizeModel(model, {
      calibration: source,
      runtime,
      target: ortX64,
      bits: 'w3a3',
      batchSize: 4,
      backend: { ...referenceBackend, ...referenceConvolution, convolveBackwardFilter },
      rounding: 'brecq',
      reconstruction: { iterations: 1 },
      verifySamples: 0,
    });
    expect([...batches]).toEqual([32]);
  });
});
