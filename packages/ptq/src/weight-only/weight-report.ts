import type { Float16Changes, FloatWeight, FoundWeights, Weight, WeightCodes } from '@bitwright/export';
import { type Model, tensorByteLength, walkTensors } from '@bitwright/onnx';
import type { LatencyComparison } from '../evaluate';
import type { OutputComparison } from '../verify';
import type { WeightSettings } from './weight-options';

/** Bytes of one class of tensors before and after. */
export interface WeightClassSize {
  readonly kind:
    | 'embeddings'
    | 'matrix products'
    | 'convolutions'
    | 'recurrent'
    | 'other weights'
    | 'small and other tensors';
  /** Weights of this class; tied copies count once. */
  readonly weights: number;
  readonly floatBytes: number;
  readonly quantizedBytes: number;
}

/** One weight that was quantized. */
export interface QuantizedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** Nodes that read it. */
  readonly nodes: number;
  /** Copies in the float file, of which one is left. */
  readonly copies: number;
  /** `4-bit blocks of 32`, `int8 rows`, … */
  readonly form: string;
  readonly method: string;
  /** ‖W − Ŵ‖² / ‖W‖². */
  readonly relativeError: number;
}

/** What `quantizeWeights` did and what came of it: plain JSON data. */
export interface WeightReport {
  readonly tool: { readonly name: string; readonly version: string };
  readonly model: string;
  readonly settings: WeightSettings;
  readonly runtime: { readonly name: string; readonly version: string } | undefined;
  /** Graph changes made before quantizing. */
  readonly preparation: readonly string[];
  readonly calibrationSamples: number;
  readonly size: {
    readonly floatBytes: number;
    readonly quantizedBytes: number;
    readonly classes: readonly WeightClassSize[];
  };
  readonly weights: readonly QuantizedWeight[];
  /** Every larger tensor that stayed float, and why. */
  readonly float: readonly FloatWeight[];
  readonly float16?: Float16Changes | undefined;
  readonly verification?:
    | { readonly samples: number; readonly data: string; readonly outputs: readonly OutputComparison[] }
    | undefined;
  readonly latency?: LatencyComparison | undefined;
  readonly warnings: readonly string[];
}

/** Bytes by class; what no weight accounts for is counted together. */
export function sizeByClass(
  found: FoundWeights,
  stored: ReadonlyMap<Weight, number>,
  floatBytes: number,
  quantizedBytes: number,
): readonly WeightClassSize[] {
  const classes = new Map<WeightClassSize['kind'], { weights: number; floatBytes: number; quantizedBytes: number }>();
  let restFloat = floatBytes;
  let rest = quantizedBytes;
  for (const weight of found.weights) {
    const kind = weightClass(weight);
    const sum = classes.get(kind) ?? { weights: 0, floatBytes: 0, quantizedBytes: 0 };
    const bytes = stored.get(weight) ?? 0;
    sum.weights += 1;
    sum.floatBytes += weight.byteLength;
    sum.quantizedBytes += bytes;
    restFloat -= weight.byteLength;
    rest -= bytes;
    classes.set(kind, sum);
  }
  const others = { weights: 0, floatBytes: restFloat, quantizedBytes: rest };
  return [...classes, ['small and other tensors', others] as const].map(([kind, sum]) => ({ kind, ...sum }));
}

/** Bytes of codes, scales and zero points as stored. */
export function codeBytes(codes: WeightCodes, scaleBytes: number): number {
  const { rows, columns } = codes;
  if (codes.kind === 'rows') return codes.codes.length + scaleBytes * codes.scale.length;
  if (codes.kind === 'lookup') return Math.ceil(codes.codes.length / 2) + scaleBytes * codes.absmax.length;
  const blocks = Math.ceil(columns / codes.blockSize);
  const zeroPoints =
    codes.zeroPoint === undefined
      ? 0
      : codes.zeroPoint instanceof Float32Array
        ? scaleBytes * codes.zeroPoint.length
        : rows * Math.ceil((blocks * codes.bits) / 8);
  return rows * blocks * ((codes.blockSize * codes.bits) / 8 + scaleBytes) + zeroPoints;
}

/** `4-bit blocks of 32`, `int8 rows`, `nf4 blocks of 64`. */
export function describeCodes(codes: WeightCodes): string {
  if (codes.kind === 'lookup') return `${codes.levels} blocks of ${codes.blockSize}`;
  if (codes.kind === 'blocks') return `${codes.bits}-bit blocks of ${codes.blockSize}`;
  const type = codes.codes instanceof Int8Array ? 'int8' : 'uint8';
  return codes.scale.length > 1 ? `${type} rows` : `${type} tensor`;
}

/** Bytes of all tensors of a model, external ones included, plus those of the graph around them. */
export function tensorBytes(model: Model): number {
  let bytes = 0;
  for (const { tensor } of walkTensors(model)) bytes += tensorByteLength(tensor);
  return bytes;
}

// — internals —

/** Class a weight is counted in, by what reads it first. */
function weightClass(weight: Weight): WeightClassSize['kind'] {
  const kinds = weight.sites.map((site) => site.kind);
  if (kinds.includes('gather')) return 'embeddings';
  if (kinds.includes('matmul') || kinds.includes('gemm')) return 'matrix products';
  if (kinds.includes('conv')) return 'convolutions';
  return kinds.includes('lstm') ? 'recurrent' : 'other weights';
}
