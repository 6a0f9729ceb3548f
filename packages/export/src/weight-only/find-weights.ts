import {
  DataType,
  type ExternalDataReader,
  getInt,
  type Model,
  type Node,
  tensorByteLength,
  tensorShape,
} from '@bitwright/onnx';
import { requireGraph } from '../onnx-qdq/require-graph';
import { type Constant, constantAt, type GraphScope, graphScopes, isMatrixTranspose, placeOf } from './graph-scopes';
import { mergeEqualWeights } from './merge-weights';

/**
 * How a node uses a weight:
 *   matmul, gemm  y = x·Wᵀ                      gather  rows of W picked by index (an embedding)
 *   conv          filters [N, K…]               lstm    W or R of an LSTM whose both matrices are constant
 *   stored        any other operator that can take a weight dequantized when the model is loaded
 */
export type SiteKind = 'matmul' | 'gemm' | 'gather' | 'conv' | 'lstm' | 'stored';

export interface WeightSite {
  readonly kind: SiteKind;
  readonly scope: GraphScope;
  readonly node: Node;
  /** Position of the weight in `node.input`. */
  readonly input: number;
  /** Node label with the path of its graph. */
  readonly place: string;
}

/**
 * One weight matrix W [N,K], however many nodes read it and however many copies the file holds. For filters and recurrent weights N
 * are all leading axes that get scales of their own.
 */
export interface Weight {
  /** Name of the (first) tensor that holds it. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** True when the tensor holds Wᵀ [K,N], as MatMul wants it. */
  readonly isTransposed: boolean;
  readonly shape: readonly number[];
  /** `DataType.FLOAT` or `DataType.FLOAT16`. */
  readonly dataType: number;
  /** Every tensor with this content. */
  readonly copies: readonly WeightCopy[];
  /** Bytes of all copies together. */
  readonly byteLength: number;
  readonly sites: readonly WeightSite[];
}

export interface WeightCopy {
  readonly constant: Constant;
  /** As in {@link Weight}: copies may be stored either way. */
  readonly isTransposed: boolean;
}

/** A tensor that cannot be quantized, and why. */
export interface FloatWeight {
  readonly name: string;
  readonly byteLength: number;
  readonly reason: string;
}

export interface FoundWeights {
  readonly model: Model;
  readonly scopes: readonly GraphScope[];
  readonly weights: readonly Weight[];
  readonly float: readonly FloatWeight[];
}

export interface FindWeightsOptions {
  /** Nodes whose weights stay float. */
  readonly isExcluded?: ((node: Node) => boolean) | undefined;
  readonly readExternal?: ExternalDataReader | undefined;
}

/**
 * Finds the weights of a model, in body graphs too: float constants of two or more axes that only operators with a quantized form
 * read. Tensors with equal content, or with transposed content (tied embeddings), become one weight.
 *
 * @throws {ModelFormatError} when the model has no graph, or an external tensor cannot be read
 */
export function findWeights(model: Model, options: FindWeightsOptions = {}): FoundWeights {
  const scopes = graphScopes(requireGraph(model, '[export] findWeights'));
  const weights: Weight[] = [];
  const float: FloatWeight[] = [];
  for (const scope of scopes) {
    for (const constant of scope.constants.values()) {
      const found = weightOf(constant, options);
      if (found === undefined) continue;
      if ('reason' in found) float.push(found);
      else weights.push(found);
    }
  }
  return { model, scopes, weights: mergeEqualWeights(weights, options.readExternal), float };
}

// — internals —

interface Use {
  readonly scope: GraphScope;
  readonly node: Node | undefined;
  readonly input: number;
  readonly isTransposed: boolean;
}

function weightOf(constant: Constant, options: FindWeightsOptions): Weight | FloatWeight | undefined {
  const { tensor, name } = constant;
  const shape = tensorShape(tensor);
  const isFloat = tensor.dataType === DataType.FLOAT || tensor.dataType === DataType.FLOAT16;
  if (!isFloat || shape.length < 2 || shape.includes(0)) return undefined;
  const byteLength = tensorByteLength(tensor);
  const uses = terminalUses(constant.scope, name, shape.length === 2, false);
  if (uses.length === 0) return undefined;
  const leave = (reason: string): FloatWeight => ({ name, byteLength, reason });
  const sites: WeightSite[] = [];
  const orientations = new Set<boolean>();
  for (const use of uses) {
    const { scope, node, input } = use;
    if (node === undefined) return leave('an output of the graph');
    const place = placeOf(scope, node);
    if (options.isExcluded?.(node) === true) return leave(`excluded: node "${place}"`);
    const kind = siteKind(node, input, shape.length, scope);
    if (kind === undefined) {
      const domain = node.domain === '' ? '' : `${node.domain}:`;
      return leave(`also read by ${domain}${node.opType} "${place}", input ${input}`);
    }
    // Orientation of the tensor itself: MatMul wants Wᵀ, Gemm with transB, Gather and all others want W.
    const wantsTransposed = kind === 'matmul' || (kind === 'gemm' && getInt(node, 'transB', 0) === 0);
    orientations.add(wantsTransposed !== use.isTransposed);
    sites.push({ kind, scope, node, input, place });
  }
  if (orientations.size > 1) return leave('read both as it is and transposed');
  const isTransposed = orientations.has(true);
  const [rows, columns] = matrixSize(shape, sites[0]?.kind, isTransposed);
  const copies = [{ constant, isTransposed }];
  return { name, rows, columns, isTransposed, shape, dataType: tensor.dataType, copies, byteLength, sites };
}

/** Who reads a constant in the end: Identity and matrix Transpose are looked through. */
function terminalUses(scope: GraphScope, name: string, isMatrix: boolean, isTransposed: boolean): readonly Use[] {
  const found: Use[] = [];
  for (const reader of scope.readers.get(name) ?? []) {
    const { node } = reader;
    const output = node?.output[0];
    const isSwap = node !== undefined && isMatrix && isMatrixTranspose(node);
    const isCopy = node?.opType === 'Identity' && node.domain === '';
    if (output !== undefined && (isSwap || isCopy)) {
      found.push(...terminalUses(reader.scope, output, isMatrix, isSwap !== isTransposed));
    } else {
      found.push({ ...reader, isTransposed });
    }
  }
  return found;
}

function siteKind(node: Node, input: number, rank: number, scope: GraphScope): SiteKind | undefined {
  if (node.domain !== '' && node.domain !== 'ai.onnx') return undefined;
  switch (node.opType) {
    case 'MatMul':
      if (input !== 1) return undefined;
      return rank === 2 ? 'matmul' : 'stored';
    case 'Gemm':
      if (input !== 1) return undefined;
      return getInt(node, 'transA', 0) === 0 ? 'gemm' : 'stored';
    case 'Gather':
      return input === 0 && rank === 2 && getInt(node, 'axis', 0) === 0 ? 'gather' : undefined;
    case 'Conv':
      return input === 1 ? 'conv' : undefined;
    case 'ConvTranspose':
      return input === 1 ? 'stored' : undefined;
    case 'LSTM':
      if (input !== 1 && input !== 2) return undefined;
      return isDynamicLstm(node, scope) ? 'lstm' : 'stored';
    case 'GRU':
    case 'RNN':
      return input === 1 || input === 2 ? 'stored' : undefined;
    default:
      return undefined;
  }
}

function isDynamicLstm(node: Node, scope: GraphScope): boolean {
  const isFloat = (name: string | undefined): boolean => constantAt(scope, name)?.tensor.dataType === DataType.FLOAT;
  return getInt(node, 'layout', 0) === 0 && isFloat(node.input[1]) && isFloat(node.input[2]);
}

function matrixSize(
  shape: readonly number[],
  kind: SiteKind | undefined,
  isTransposed: boolean,
): readonly [rows: number, columns: number] {
  const total = shape.reduce((a, b) => a * b, 1);
  const first = shape[0] as number;
  const last = shape[shape.length - 1] as number;
  if (shape.length === 2) return isTransposed ? [last, first] : [first, last];
  // Filters: one row per output channel; recurrent and batched weights: every leading axis.
  return kind === 'conv' ? [first, total / first] : [total / last, last];
}
