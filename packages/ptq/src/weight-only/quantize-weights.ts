import { ExportError, InvalidArgumentError } from '@bitwright/core';
import {
  convertToFloat16,
  dequantizeCodes,
  type Float16Changes,
  type FloatWeight,
  type FoundWeights,
  findWeights,
  readWeight,
  type Weight,
  type WeightCodes,
  writeWeights,
} from '@bitwright/export';
import {
  eliminateDeadCode,
  inlineExternalData,
  isExternal,
  type Model,
  maxModelBytes,
  type Node,
  walkGraphs,
  walkTensors,
} from '@bitwright/onnx';
import { exclusionFilter } from '../exclusions';
import { reportPhase, throwIfAborted } from '../progress';
import { asSampleSource } from '../sample-source';
import { loadRuntime, type Runtime } from '../session';
import { tool } from '../version';
import { chooseBlockCodes, chooseLookupCodes, chooseRowCodes } from './choose-codes';
import { type CollectedGrams, collectGrams, productInputs } from './collect-grams';
import { weightDTypes } from './dtypes';
import { type CodePlan, planCodes } from './plan-codes';
import { prepareWeights } from './prepare-weights';
import { verifyWeights, type WeightVerification } from './verify-weights';
import { type QuantizeWeightsOptions, readWeightOptions, type WeightSettings } from './weight-options';
import {
  codeBytes,
  describeCodes,
  type QuantizedWeight,
  sizeByClass,
  tensorBytes,
  type WeightReport,
} from './weight-report';
import { findWeightWarnings } from './weight-warnings';

export interface QuantizeWeightsResult {
  readonly model: Model;
  readonly report: WeightReport;
}

/**
 * Stores the weights of a float model in few bits, without calibration data (except for `gptq`): 8-bit weights with dynamically
 * quantized activations, 4- and 2-bit blocks, 4-bit level tables, float16, and mixtures of these. Shared and tied weights are stored
 * once. The result is loaded, run and compared with the float model, and must be smaller.
 *
 * @throws {InvalidArgumentError} for options that do not go together, or a pattern that matches nothing
 * @throws {ModelFormatError} when the model is invalid or quantized already
 * @throws {ExportError} when the result would not be smaller (with the bytes by class), or does not fit float16
 * @throws {RuntimeError} when the runtime refuses the result
 */
export async function quantizeWeights(model: Model, options: QuantizeWeightsOptions): Promise<QuantizeWeightsResult> {
  const settings = readWeightOptions(options);
  const info = weightDTypes[settings.dtype];
  const { readExternal, signal, onProgress, verifySamples = 8, batchSize = 8 } = options;
  reportPhase('prepare', undefined, onProgress);
  const isQdq = settings.spelling === 'qdq' && info.codes === 'blocks';
  const prepared = prepareWeights(model, isQdq ? 21 : 13);
  const nodes = allNodes(prepared.model);
  const isExcluded = exclusionFilter(options.exclude ?? [], nodes);
  const keepsFloat32 = exclusionFilter(options.keepFloat32 ?? [], nodes);
  const found = findWeights(prepared.model, { isExcluded, readExternal });
  const needsRuntime = verifySamples > 0 || settings.method === 'gptq';
  const runtime = needsRuntime ? (options.runtime ?? (await loadRuntime())) : undefined;
  const grams = await gramsOf(prepared.model, found, settings, options, runtime);

  const chosen = chooseAll(found, settings, grams, options);
  const written = writeWeights(found, chosen.codes, {
    spelling: settings.spelling,
    accuracyLevel: settings.accuracyLevel,
    products: info.codes === 'rows' ? 'dynamic' : 'float',
    convolutions: settings.convolutions === 'integer' ? 'dynamic' : 'float',
  });
  const narrow = (keepsIo: boolean | undefined): { readonly model: Model; readonly changes?: Float16Changes } => {
    if (!info.float16) return { model: written };
    const converted = convertToFloat16(written, {
      keepsIo,
      isKept: keepsFloat32,
      overflow: options.overflow,
      readExternal,
    });
    return { model: eliminateDeadCode.run(converted.model).model, changes: converted.changes };
  };
  const { model: quantized, changes: float16 } = narrow(options.keepsIo);
  const size = measureSize(model, quantized, found, chosen, info.float16);
  throwIfAborted(signal, 'export');

  let compared: WeightVerification = { verification: undefined, warning: undefined };
  if (verifySamples > 0 && runtime !== undefined) {
    const data = options.verification ?? options.calibration;
    const comparable = options.keepsIo === false ? narrow(true).model : quantized;
    compared = await verifyIfSmall(prepared.model, comparable, readExternal, {
      runtime,
      source: data === undefined ? undefined : asSampleSource(data),
      batchSize,
      limit: verifySamples,
      signal,
      onProgress,
    });
  }
  const draft: Omit<WeightReport, 'warnings'> = {
    tool,
    model: options.name ?? model.graph?.name ?? 'model',
    settings,
    runtime: runtime === undefined ? undefined : { name: runtime.name, version: runtime.version },
    preparation: prepared.changes,
    calibrationSamples: grams?.samples ?? 0,
    size,
    weights: chosen.weights,
    float: info.codes === undefined ? [] : chosen.float,
    ...(float16 === undefined ? {} : { float16 }),
    ...(compared.verification === undefined ? {} : { verification: compared.verification }),
  };
  const warnings = [
    ...findWeightWarnings(draft),
    ...(compared.warning === undefined ? [] : [compared.warning]),
    ...chosen.warnings,
  ];
  return { model: quantized, report: { ...draft, warnings } };
}

// — internals —

function allNodes(model: Model): readonly Node[] {
  return model.graph === undefined ? [] : [...walkGraphs(model.graph)].flatMap(({ graph }) => graph.node);
}

async function gramsOf(
  model: Model,
  found: FoundWeights,
  settings: WeightSettings,
  options: QuantizeWeightsOptions,
  runtime: Runtime | undefined,
): Promise<CollectedGrams | undefined> {
  const { calibration, samples = 128, batchSize = 8, signal, onProgress } = options;
  if (settings.method !== 'gptq' || calibration === undefined || runtime === undefined) return undefined;
  const weights = found.weights.filter((weight) => planCodes(weight, settings).kind === 'blocks');
  const source = asSampleSource(calibration);
  return collectGrams(model, weights, { runtime, source, batchSize, limit: samples, signal, onProgress });
}

interface ChosenCodes {
  readonly codes: ReadonlyMap<Weight, WeightCodes>;
  readonly weights: readonly QuantizedWeight[];
  readonly float: readonly FloatWeight[];
  readonly warnings: readonly string[];
}

function chooseAll(
  found: FoundWeights,
  settings: WeightSettings,
  grams: CollectedGrams | undefined,
  options: QuantizeWeightsOptions,
): ChosenCodes {
  const { readExternal, signal, onProgress, damping } = options;
  const codes = new Map<Weight, WeightCodes>();
  const weights: QuantizedWeight[] = [];
  const float: FloatWeight[] = [...found.float];
  const warnings: string[] = [];
  const plans = new Map(found.weights.map((weight) => [weight, planCodes(weight, settings)]));
  dropHalfLstms(plans);
  const progress = reportPhase('export', found.weights.length, onProgress);
  for (const [weight, plan] of plans) {
    throwIfAborted(signal, 'export');
    progress.advance(1);
    if (plan.kind === 'float') {
      float.push({ name: weight.name, byteLength: weight.byteLength, reason: plan.reason });
      continue;
    }
    const data = { weights: readWeight(weight, readExternal), rows: weight.rows, columns: weight.columns };
    assertFinite(weight, data.weights);
    const gram = productInputs(weight)
      .map((name) => grams?.grams.get(name))
      .find((stats) => stats !== undefined)?.gram;
    const result =
      plan.kind === 'rows'
        ? chooseRowCodes(data, {
            isSigned: plan.isSigned,
            perRow: settings.perChannel,
            reducedRange: plan.reducedRange,
          })
        : plan.kind === 'lookup'
          ? chooseLookupCodes(data, settings.levels, settings.blockSize)
          : chooseBlockCodes(data, {
              bits: plan.bits,
              blockSize: settings.blockSize,
              symmetric: settings.symmetric,
              rule: settings.spelling === 'qdq' ? 'absmax' : 'signed',
              scaleType: weightDTypes[settings.dtype].float16 ? 'float16' : 'float32',
              method: settings.method,
              realZeroPoints: plan.realZeroPoints,
              gram,
              damping,
            });
    codes.set(weight, result);
    const isGptq = plan.kind === 'blocks' && settings.method === 'gptq';
    if (isGptq && gram === undefined) warnings.push(`"${weight.name}" has no input statistics: mse instead of gptq`);
    weights.push({
      name: weight.name,
      shape: weight.shape,
      nodes: weight.sites.length,
      copies: weight.copies.length,
      form: describeCodes(result),
      method: plan.kind === 'blocks' ? (isGptq && gram === undefined ? 'mse' : settings.method) : 'rtn',
      relativeError: relativeError(data.weights, dequantizeCodes(result)),
    });
  }
  return { codes, weights, float, warnings };
}

/** An LSTM is quantized with both of its matrices or not at all. */
function dropHalfLstms(plans: Map<Weight, CodePlan>): void {
  const floatNodes = new Map<Node, string>();
  const lstmNodes = new Map<Node, number>();
  for (const [weight, plan] of plans) {
    for (const site of weight.sites) {
      if (site.kind !== 'lstm') continue;
      lstmNodes.set(site.node, (lstmNodes.get(site.node) ?? 0) + 1);
      if (plan.kind === 'float') floatNodes.set(site.node, plan.reason);
    }
  }
  for (const [weight, plan] of plans) {
    const broken = weight.sites.find(
      ({ node, kind }) => kind === 'lstm' && (floatNodes.has(node) || lstmNodes.get(node) !== 2),
    );
    if (broken === undefined || plan.kind === 'float') continue;
    const reason = `the other matrix of "${broken.place}" stays float: ${floatNodes.get(broken.node) ?? 'not a weight'}`;
    plans.set(weight, { kind: 'float', reason });
  }
}

function relativeError(weights: Float32Array, real: Float32Array): number {
  let error = 0;
  let power = 0;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i] as number;
    error += (w - (real[i] as number)) ** 2;
    power += w * w;
  }
  return power === 0 ? 0 : error / power;
}

function assertFinite(weight: Weight, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new InvalidArgumentError({
    operation: `[ptq] quantizeWeights "${weight.name}"`,
    expected: 'finite weights',
    received: `${values[at]} at position ${at}`,
    hint: 'Exclude the nodes that read it, or repair the model.',
  });
}

function measureSize(
  float: Model,
  quantized: Model,
  found: FoundWeights,
  { codes }: ChosenCodes,
  isFloat16: boolean,
): WeightReport['size'] {
  const floatBytes = tensorBytes(float);
  const quantizedBytes = tensorBytes(quantized);
  const elementBytes = isFloat16 ? 2 : 4;
  const stored = new Map(
    found.weights.map((weight) => {
      const own = codes.get(weight);
      const bytes = own === undefined ? weight.rows * weight.columns * elementBytes : codeBytes(own, elementBytes);
      return [weight, bytes];
    }),
  );
  const classes = sizeByClass(found, stored, floatBytes, quantizedBytes);
  if (quantizedBytes < floatBytes) return { floatBytes, quantizedBytes, classes };
  throw new ExportError({
    operation: '[ptq] quantizeWeights',
    expected: `a model smaller than ${floatBytes} bytes of tensors`,
    received: `${quantizedBytes} bytes (${classes
      .map((row) => `${row.kind} ${row.floatBytes} → ${row.quantizedBytes}`)
      .join(', ')})`,
    hint: 'This dtype does not pay for this model: its weights are too small, or of kinds that have no quantized form.',
  });
}

/** Both models in memory must fit one message each; larger ones are only checked where they are written. */
async function verifyIfSmall(
  float: Model,
  quantized: Model,
  readExternal: QuantizeWeightsOptions['readExternal'],
  options: Parameters<typeof verifyWeights>[2],
): Promise<WeightVerification> {
  const isSplit = [...walkTensors(float)].some(({ tensor }) => isExternal(tensor));
  if (tensorBytes(float) >= maxModelBytes) {
    return { verification: undefined, warning: 'not run: the float model does not fit one message of 2 GiB' };
  }
  if (!isSplit || readExternal === undefined) return verifyWeights(float, quantized, options);
  return verifyWeights(inlineExternalData(float, readExternal), inlineExternalData(quantized, readExternal), options);
}
