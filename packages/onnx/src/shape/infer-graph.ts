import { opsetVersion } from '../graph/opset-version';
import { topologicalOrder } from '../graph/topological-order';
import type { Attribute, Graph, Model, Node, Tensor, ValueInfo } from '../message/types';
import { DataType } from '../tensor/data-type';
import type { ExternalDataReader } from '../tensor/tensor-payload';
import { type Dim, staticDims } from './dim';
import { elementCount } from './element-map';
import type { InferContext, PartialElement, PartialValue, TensorShape } from './infer-types';
import { convolutionRules } from './rules/convolution';
import { elementwiseRules } from './rules/elementwise';
import { generatorRules } from './rules/generator';
import { matrixRules } from './rules/matrix';
import { reductionRules } from './rules/reduction';
import { reshapingRules } from './rules/reshaping';
import { selectionRules } from './rules/selection';
import { constantElements, maxKnownElements } from './small-constant';
import { valueRules } from './value-rules';

const shapeRules = {
  ...elementwiseRules,
  ...convolutionRules,
  ...matrixRules,
  ...reductionRules,
  ...reshapingRules,
  ...selectionRules,
  ...generatorRules,
};

/** Everything inference found out, names with `?` included; `inferShapes` is the public face. */
export interface Inference {
  readonly types: Map<string, TensorShape>;
  readonly values: Map<string, PartialValue>;
}

/** Where inference starts. */
export interface InferenceStart {
  /** Types of graph inputs that replace the declared ones. */
  readonly inputTypes: ReadonlyMap<string, TensorShape>;
  /** Whether declared types of inner values may fill gaps (they may be stale when input shapes are overridden). */
  readonly useDeclared: boolean;
  readonly readExternal?: ExternalDataReader | undefined;
}

/** Type of a declared value; sizes that are not written are undefined. */
export const declaredType = (info: ValueInfo | undefined): TensorShape | undefined => {
  const type = info?.type?.value;
  if (type?.case !== 'tensorType') return undefined;
  const dims = type.value.shape?.dim.map(({ value }): Dim => {
    if (value.case === 'dimValue') return value.value >= 0n ? Number(value.value) : undefined;
    return value.case === 'dimParam' && value.value !== '' ? value.value : undefined;
  });
  return { dataType: type.value.elemType, dims };
};

/** Key of the rule tables: the operator, with its domain unless that is the default one. */
export const operatorKey = (node: Node): string =>
  node.domain === '' || node.domain === 'ai.onnx' ? node.opType : `${node.domain}:${node.opType}`;

/** Integers beyond ±2^53 (INT64_MAX as "to the end") keep their meaning as rounded numbers. */
const toNumbers = (values: readonly bigint[]): number[] => values.map(Number);

const utf8 = /* @__PURE__ */ new TextDecoder();

/** Merges what a rule found with what the model declares; unknown sizes get names of their own. */
const complete = (name: string, found: TensorShape | undefined, declared: TensorShape | undefined): TensorShape => {
  const dataType = found?.dataType || declared?.dataType || DataType.UNDEFINED;
  const dims = found?.dims ?? declared?.dims;
  const hints = declared?.dims?.length === dims?.length ? declared?.dims : undefined;
  return { dataType, dims: dims?.map((dim, i) => dim ?? hints?.[i] ?? `?${name}:${i}`) };
};

/** What rules may ask about one node, answered from what is known so far. */
export const createContext = (
  node: Node,
  opset: number,
  scope: Inference,
  inferBody: InferContext['inferBody'],
): InferContext => {
  const attribute = (name: string): Attribute | undefined => node.attribute.find((a) => a.name === name);
  const type = (i: number): TensorShape | undefined => scope.types.get(node.input[i] ?? '');
  const value = (i: number): PartialValue | undefined => scope.values.get(node.input[i] ?? '');
  return {
    node,
    opset,
    inputCount: node.input.length,
    outputCount: node.output.length,
    has: (i) => (node.input[i] ?? '') !== '',
    input: type,
    dataType: (i) => type(i)?.dataType ?? 0,
    dims: (i) => type(i)?.dims,
    value,
    numbers: (i) => {
      const found = value(i);
      if (found === undefined || !found.every((x) => typeof x === 'number')) return undefined;
      return found.filter((x) => typeof x === 'number');
    },
    int: (name) => {
      const found = attribute(name);
      return found === undefined ? undefined : Number(found.i);
    },
    ints: (name) => {
      const found = attribute(name);
      return found === undefined ? undefined : toNumbers(found.ints);
    },
    float: (name) => attribute(name)?.f,
    floats: (name) => attribute(name)?.floats,
    string: (name) => {
      const found = attribute(name);
      return found === undefined ? undefined : utf8.decode(found.s);
    },
    tensor: (name) => attribute(name)?.t,
    graph: (name) => attribute(name)?.g,
    inferBody,
  };
};

/** Infers one graph into `scope`, which already holds what enclosing graphs know. */
const inferInto = (
  graph: Graph,
  scope: Inference,
  start: InferenceStart,
  opsetOf: (domain: string) => number,
): void => {
  const addConstant = (tensor: Tensor, name: string): void => {
    const dims = tensor.dims.map(Number);
    scope.types.set(name, { dataType: tensor.dataType, dims });
    const elements = constantElements(tensor, start.readExternal);
    if (elements !== undefined) scope.values.set(name, elements);
  };
  const initializers = new Set(graph.initializer.map((tensor) => tensor.name));
  for (const input of graph.input) {
    if (initializers.has(input.name)) continue;
    const type = start.inputTypes.get(input.name) ?? declaredType(input);
    if (type !== undefined) scope.types.set(input.name, complete(input.name, type, undefined));
  }
  const overridable = new Set(graph.input.map((input) => input.name));
  for (const tensor of graph.initializer) {
    addConstant(tensor, tensor.name);
    if (overridable.has(tensor.name)) scope.values.delete(tensor.name);
  }
  const declared = new Map(
    start.useDeclared ? [...graph.valueInfo, ...graph.output].map((info) => [info.name, declaredType(info)]) : [],
  );
  for (const node of topologicalOrder(graph.node)) {
    const inferBody = (body: Graph): readonly (TensorShape | undefined)[] => {
      const inner: Inference = { types: new Map(scope.types), values: new Map(scope.values) };
      inferInto(body, inner, { ...start, inputTypes: new Map() }, opsetOf);
      return body.output.map((output) => inner.types.get(output.name));
    };
    const context = createContext(node, opsetOf(node.domain), scope, inferBody);
    const key = operatorKey(node);
    const found = shapeRules[key]?.(context) ?? [];
    node.output.forEach((name, i) => {
      if (name === '') return;
      const hint = declared.get(name);
      if (found[i] !== undefined || hint !== undefined) scope.types.set(name, complete(name, found[i], hint));
    });
    const [output = ''] = node.output;
    if (output === '') continue;
    const dense = key === 'Constant' ? context.tensor('value') : undefined;
    if (dense !== undefined) {
      addConstant(dense, output);
      continue;
    }
    const value = inferValue(key, context, scope.types.get(output));
    if (value !== undefined) scope.values.set(output, value);
  }
};

const inferValue = (key: string, context: InferContext, type: TensorShape | undefined): PartialValue | undefined => {
  const dims = staticDims(type?.dims);
  if (dims === undefined || elementCount(dims) > maxKnownElements) return undefined;
  if (key === 'Constant') return constantAttribute(context);
  if (key === 'ConstantOfShape') {
    const tensor = context.tensor('value');
    const [fill] = tensor === undefined ? [0] : (constantElements(tensor, undefined) ?? []);
    return new Array<PartialElement>(elementCount(dims)).fill(fill);
  }
  const value = valueRules[key]?.(context, dims);
  return value?.length === elementCount(dims) ? value : undefined;
};

const constantAttribute = (c: InferContext): PartialValue | undefined => {
  const has = (name: string): boolean => c.node.attribute.some((attribute) => attribute.name === name);
  if (has('value_int')) return [c.int('value_int')];
  if (has('value_ints')) return c.ints('value_ints');
  if (has('value_float')) return [c.float('value_float')];
  return has('value_floats') ? c.floats('value_floats') : undefined;
};

/** Types and partly known contents of every value of a model's main graph. */
export const inferModel = (model: Model, start: InferenceStart): Inference => {
  const scope: Inference = { types: new Map(), values: new Map() };
  const opsetOf = (domain: string): number => opsetVersion(model, domain) || 1;
  if (model.graph !== undefined) inferInto(model.graph, scope, start, opsetOf);
  return scope;
};
