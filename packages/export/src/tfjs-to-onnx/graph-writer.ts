import {
  type Attribute,
  createNode,
  DataType,
  intAttribute,
  intsAttribute,
  type Node,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';
import { isPlain, plainLayout, sameLayout, type Value, type ValueType } from './value';

/** Attributes, number of outputs and output type of a node that is written. */
export interface NodeParts {
  readonly attributes?: readonly Attribute[];
  /** Default 1. */
  readonly outputs?: number;
}

/**
 * Collects nodes and constants of the ONNX graph. Names are unique; what is asked for twice (a constant, a transposition)
 * exists once.
 */
export interface GraphWriter {
  readonly opset: number;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  /** Initializers made by `constant`, by the name that was asked for. */
  readonly constants: ReadonlyMap<string, readonly string[]>;
  /** Names of what is written from now on start with the scope. */
  setScope(scope: string): void;
  /** A name that nothing has yet. */
  uniqueName(wanted: string): string;
  /** Writes a node; returns the names of its outputs. */
  node(opType: string, inputs: readonly string[], parts?: NodeParts): readonly string[];
  /** Writes a node with one output. */
  one(opType: string, inputs: readonly string[], attributes?: readonly Attribute[]): string;
  /** A float32 constant. The same name with the same `variant` is written once. */
  constant(name: string, dims: readonly number[], make: () => Float32Array, variant?: string): string;
  /** A float32 scalar. */
  scalar(value: number): string;
  /** A list of int64, or one int64 scalar where `values` is a number. */
  int64(values: readonly number[] | number): string;
  /** The same value with its axes in another order; a Transpose only where no value with that order exists yet. */
  arrange(value: Value, layout: readonly number[]): Value;
  /** The value exactly as TensorFlow.js has it. */
  plain(value: Value): Value;
  /** A value from a tensor name; element type float32 and plain layout unless said otherwise. */
  value(name: string, shape: Value['shape'], parts?: Partial<Omit<Value, 'name' | 'shape'>>): Value;
}

const elementTypes: Readonly<Record<ValueType, number>> = {
  float32: DataType.FLOAT,
  int32: DataType.INT32,
  bool: DataType.BOOL,
};

/** ONNX element type of a value. */
export function elementTypeOfValue(type: ValueType): number {
  return elementTypes[type];
}

export function graphWriter(opset: number): GraphWriter {
  const nodes: Node[] = [];
  const initializers: Tensor[] = [];
  const taken = new Set<string>();
  const cache = new Map<string, string>();
  const constants = new Map<string, string[]>();
  /** All arrangements of one tensor, by the name of each of them. */
  const arrangements = new Map<string, Value[]>();
  let scope = '';

  const uniqueName = (wanted: string): string => {
    let name = wanted;
    for (let i = 1; taken.has(name); i++) name = `${wanted}_${i}`;
    taken.add(name);
    return name;
  };
  const node: GraphWriter['node'] = (opType, inputs, parts = {}) => {
    const name = uniqueName(`${scope}/${opType}`);
    const outputs = Array.from({ length: parts.outputs ?? 1 }, (_, i) =>
      uniqueName(`${name}_output${i === 0 ? '' : i}`),
    );
    nodes.push(createNode({ opType, name, inputs, outputs, attributes: parts.attributes ?? [] }));
    return outputs;
  };
  const one: GraphWriter['one'] = (opType, inputs, attributes = []) => node(opType, inputs, { attributes })[0] ?? '';
  const cached = (key: string, name: string, make: (name: string) => Tensor): string => {
    const known = cache.get(key);
    if (known !== undefined) return known;
    const unique = uniqueName(name);
    initializers.push(make(unique));
    cache.set(key, unique);
    return unique;
  };
  const int64 = (values: readonly number[] | number): string => {
    const list = typeof values === 'number' ? [values] : values;
    const dims = typeof values === 'number' ? [] : [list.length];
    const label = list.length === 0 ? 'empty' : list.slice(0, 8).join('_');
    return cached(`int64:${dims.length}:${list}`, `int64_${label}`, (name) =>
      tensorFromArray(name, DataType.INT64, dims, BigInt64Array.from(list, BigInt)),
    );
  };
  const arrange = (value: Value, layout: readonly number[]): Value => {
    if (sameLayout(value.layout, layout)) return value;
    const family = arrangements.get(value.name) ?? [value];
    const known = family.find((other) => sameLayout(other.layout, layout));
    if (known !== undefined) return known;
    const perm = layout.map((axis) => value.layout.indexOf(axis));
    const arranged = { ...value, name: one('Transpose', [value.name], [intsAttribute('perm', perm)]), layout };
    family.push(arranged);
    for (const member of family) arrangements.set(member.name, family);
    return arranged;
  };
  const plain = (value: Value): Value => {
    if (isPlain(value)) return value;
    const { featureOrder } = value;
    if (featureOrder === undefined) return arrange(value, plainLayout(value.shape.length));
    // Feature f stands at position[f] of the ONNX tensor.
    const position = new Int32Array(featureOrder.length);
    featureOrder.forEach((feature, at) => {
      position[feature] = at;
    });
    const name = one('Gather', [value.name, int64([...position])], [intAttribute('axis', 1)]);
    const { featureOrder: _order, ...rest } = value;
    return { ...rest, name };
  };
  return {
    opset,
    nodes,
    initializers,
    setScope: (next) => {
      scope = next;
    },
    uniqueName,
    node,
    one,
    constants,
    constant: (name, dims, make, variant = '') => {
      const stored = cached(`float:${name}:${variant}`, name, (unique) =>
        tensorFromArray(unique, DataType.FLOAT, dims, make()),
      );
      const others = constants.get(name) ?? [];
      if (!others.includes(stored)) constants.set(name, [...others, stored]);
      return stored;
    },
    scalar: (value) =>
      cached(`scalar:${value}`, `scalar_${String(value).replaceAll(/[^0-9a-z]/gi, '_')}`, (name) =>
        tensorFromArray(name, DataType.FLOAT, [], Float32Array.of(value)),
      ),
    int64,
    arrange,
    plain,
    value: (name, shape, parts = {}) => ({ name, shape, type: 'float32', layout: plainLayout(shape.length), ...parts }),
  };
}
