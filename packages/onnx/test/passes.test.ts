import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import {
  checkModel,
  constantToInitializer,
  convertOpset,
  createValueInfo,
  decodeModel,
  deduplicateInitializers,
  editGraph,
  eliminateDeadCode,
  encodeModel,
  foldBatchNorm,
  foldConstants,
  foldPad,
  type GraphPass,
  inferShapes,
  type Model,
  nameNodes,
  reduceMeanToGlobalAveragePool,
  removeIdentity,
  removeInitializersFromInputs,
  removeNoOps,
  simplify,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { type Feeds, relativeDifference, runModel, sineTensor, tokenTensor } from './run-in-onnxruntime';
import { sharedModels, sharedModelsTitle } from './shared-models';

/** Folding BatchNormalization rounds every weight once more; the deepest model sums that up to a few 1e-6. */
const foldTolerance = 1e-4;

const feedsByModel: Readonly<Record<string, Feeds>> = {
  kws_dscnn: { input: sineTensor([2, 1, 49, 10]) },
  mobilenetv2_imagenet: { input: sineTensor([1, 3, 224, 224]) },
  resnet20_cifar10: { input: sineTensor([2, 3, 32, 32]) },
  resnet56_cifar10: { input: sineTensor([2, 3, 32, 32]) },
  tinylm_llama_233k: { tokens: tokenTensor([2, 16]) },
  ultraface_rfb320: { input: sineTensor([1, 3, 240, 320]) },
};

/** Passes whose result must be the same to the bit. */
const exactPasses: readonly GraphPass[] = [
  removeInitializersFromInputs,
  constantToInitializer,
  removeIdentity,
  foldConstants,
  removeNoOps,
  deduplicateInitializers,
  eliminateDeadCode,
  nameNodes,
  convertOpset,
  reduceMeanToGlobalAveragePool,
];

/** Operators of a model, `Conv 19, Relu 19, …`, most frequent first. */
const histogram = (model: Model): string => {
  const counts = new Map<string, number>();
  for (const { opType } of model.graph?.node ?? []) counts.set(opType, (counts.get(opType) ?? 0) + 1);
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .map(([op, n]) => `${op} ${n}`)
    .join(', ');
};

const simplified: Readonly<Record<string, string>> = {
  kws_dscnn: 'Conv 9, Relu 9, Flatten 1, Gemm 1, GlobalAveragePool 1',
  mobilenetv2_imagenet: 'Conv 52, Clip 35, Add 10, Flatten 1, Gemm 1, GlobalAveragePool 1',
  resnet20_cifar10: 'Conv 19, Relu 19, Add 9, Slice 4, Pad 2, AveragePool 1, Gemm 1, Reshape 1',
  resnet56_cifar10: 'Conv 55, Relu 55, Add 27, Slice 4, Pad 2, AveragePool 1, Gemm 1, Reshape 1',
  tinylm_llama_233k:
    'Mul 58, MatMul 37, Reshape 32, Add 29, Unsqueeze 28, Slice 20, Transpose 16, Div 13, Pow 9, ReduceMean 9, Sqrt 9, ' +
    'Concat 8, Sub 8, Sigmoid 4, Softmax 4, Gather 2, Shape 1',
  ultraface_rfb320:
    'Conv 52, Relu 37, Reshape 8, Transpose 8, Slice 6, Concat 5, Mul 4, Add 3, Div 2, Exp 1, Softmax 1, Sub 1',
};

describe.skipIf(sharedModels.length === 0)(`passes on real models${sharedModelsTitle}`, () => {
  for (const path of sharedModels) {
    const name = basename(path, '.onnx');
    const feeds = feedsByModel[name];
    if (feeds === undefined) continue;
    const model = decodeModel(readFileSync(path));
    const original = runModel(model, feeds);

    it(`every exact pass leaves the outputs of ${name} as they are, to the bit`, async () => {
      const before = encodeModel(model);
      const reference = await original;
      for (const pass of exactPasses) {
        const result = pass.run(model);
        expect(result.changes.length === 0, pass.name).toBe(result.model === model);
        if (result.changes.length > 0)
          expect(relativeDifference(reference, await runModel(result.model, feeds)), pass.name).toBe(0);
        expect(pass.run(result.model).changes, `${pass.name} twice`).toEqual([]);
      }
      expect(Buffer.compare(encodeModel(model), before)).toBe(0);
    });

    it(`simplify takes ${name} down to what quantization needs and keeps its outputs`, async () => {
      const { model: small } = simplify(model);
      expect(histogram(small)).toBe(simplified[name]);
      expect(encodeModel(small).length).toBeLessThanOrEqual(encodeModel(model).length);
      expect(checkModel(small, { profile: 'ort-x86' })).toEqual([]);
      expect(simplify(small).changes).toEqual([]);
      const reference = await original;
      expect(relativeDifference(reference, await runModel(small, feeds))).toBeLessThan(foldTolerance);
      expect(relativeDifference(reference, await runModel(small, feeds, 'all'))).toBeLessThan(foldTolerance);
      for (const pass of [foldBatchNorm, foldPad]) {
        const { model: folded, changes } = pass.run(removeInitializersFromInputs.run(model).model);
        if (changes.length > 0)
          expect(relativeDifference(reference, await runModel(folded, feeds))).toBeLessThan(foldTolerance);
      }
    });

    it(`inferShapes agrees with onnxruntime on every value of ${name}`, async () => {
      const shapes = Object.fromEntries(Object.entries(feeds).map(([input, tensor]) => [input, tensor.dims]));
      const inferred = inferShapes(model, { shapes });
      const edit = editGraph(model);
      for (const node of edit.nodes()) {
        for (const value of node.output) {
          if (!edit.isOutput(value)) edit.addOutput(createValueInfo(value, inferred.get(value)?.dataType ?? 0));
        }
      }
      const outputs = await runModel(edit.finish(), feeds);
      for (const [value, { dims }] of Object.entries(outputs)) expect(inferred.get(value)?.dims, value).toEqual(dims);
      const symbolic = inferShapes(model);
      for (const value of Object.keys(outputs)) expect(symbolic.get(value)?.dims, value).not.toContain(undefined);
    });
  }

  const ultraface = sharedModels.find((path) => path.includes('ultraface'));
  for (const target of [13, 17, 18, 21]) {
    it.skipIf(ultraface === undefined)(
      `convertOpset takes a face detector from opset 9 to ${target} without changing a bit`,
      async () => {
        const model = decodeModel(readFileSync(ultraface ?? ''));
        const feeds = feedsByModel['ultraface_rfb320'] ?? {};
        const converted = convertOpset.run(model, { target }).model;
        expect(converted.opsetImport[0]?.version).toBe(BigInt(target));
        expect(checkModel(converted).filter(({ code }) => code !== 'initializer-is-input')).toEqual([]);
        expect(relativeDifference(await runModel(model, feeds), await runModel(converted, feeds))).toBe(0);
      },
    );
  }
});
