import {
  bodyGraphs,
  DataType,
  findAttribute,
  type Graph,
  getInt,
  getTensor,
  inferShapes,
  type Model,
  type Node,
} from '@bitwright/onnx';
import { definingScope, type GraphScope } from '../weight-only/graph-scopes';

/** Element type of a value as seen from a graph; undefined when unknown. */
export type TypeOf = (scope: GraphScope, name: string) => number | undefined;

const int64Results = new Set(['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero', 'NonMaxSuppression', 'SequenceLength']);
const boolResults = new Set([
  'And',
  'Equal',
  'Greater',
  'GreaterOrEqual',
  'IsInf',
  'IsNaN',
  'Less',
  'LessOrEqual',
  'Not',
  'Or',
  'Xor',
]);

/**
 * Element types of all values, in body graphs too: from shape inference where it reaches, else from declarations and the rule that
 * an operator's result has the type of its first input, with the exceptions that matter for float16.
 */
export function valueTypes(model: Model, scopes: readonly GraphScope[]): TypeOf {
  const inferred = inferShapes(model);
  const known = new Map<GraphScope, Map<string, number>>();
  const typeOf: TypeOf = (scope, name) => {
    const home = definingScope(scope, name);
    return home === undefined ? undefined : known.get(home)?.get(name);
  };
  for (const scope of scopes) {
    const types = new Map<string, number>();
    known.set(scope, types);
    for (const info of [...scope.graph.valueInfo, ...scope.graph.output, ...scope.graph.input]) {
      const type = info.type?.value.case === 'tensorType' ? info.type.value.value.elemType : undefined;
      if (type !== undefined && type !== DataType.UNDEFINED) types.set(info.name, type);
    }
    for (const tensor of scope.graph.initializer) types.set(tensor.name, tensor.dataType);
    if (scope.parent === undefined) {
      for (const [name, { dataType }] of inferred) if (dataType !== DataType.UNDEFINED) types.set(name, dataType);
    }
    for (const node of scope.graph.node) {
      node.output.forEach((name, i) => {
        if (name === '' || types.has(name)) return;
        const type = resultType(node, i, (input) => typeOf(scope, node.input[input] ?? ''));
        if (type !== undefined) types.set(name, type);
      });
    }
  }
  return typeOf;
}

// — internals —

function resultType(node: Node, output: number, input: (i: number) => number | undefined): number | undefined {
  const { opType } = node;
  if (int64Results.has(opType)) return DataType.INT64;
  if (boolResults.has(opType)) return DataType.BOOL;
  switch (opType) {
    case 'Cast':
      return getInt(node, 'to');
    case 'Constant':
      return constantType(node);
    case 'ConstantOfShape':
      return getTensor(node, 'value')?.dataType ?? DataType.FLOAT;
    case 'RandomNormal':
    case 'RandomUniform':
      return getInt(node, 'dtype', DataType.FLOAT);
    case 'TopK':
      return output === 1 ? DataType.INT64 : input(0);
    case 'Where':
      return input(1);
    case 'OneHot':
      return input(2);
    case 'MatMulInteger':
    case 'ConvInteger':
      return DataType.INT32;
    case 'DynamicQuantizeLinear':
      return output === 1 ? DataType.FLOAT : DataType.UINT8;
    case 'DequantizeLinear':
      return input(1);
    case 'QuantizeLinear':
      return input(2) ?? DataType.UINT8;
    case 'GatherBlockQuantized':
      return input(2);
    case 'If':
    case 'Loop':
    case 'Scan':
      return bodyResultType(node, output);
    default:
      return input(0);
  }
}

function constantType(node: Node): number | undefined {
  const tensor = getTensor(node, 'value');
  if (tensor !== undefined) return tensor.dataType;
  if (findAttribute(node, 'value_float') ?? findAttribute(node, 'value_floats')) return DataType.FLOAT;
  if (findAttribute(node, 'value_int') ?? findAttribute(node, 'value_ints')) return DataType.INT64;
  return undefined;
}

/** A Loop's body lists its condition first, which the node does not hand out. */
function bodyResultType(node: Node, output: number): number | undefined {
  const body: Graph | undefined = bodyGraphs(node)[0]?.graph;
  const info = body?.output[node.opType === 'Loop' ? output + 1 : output];
  return info?.type?.value.case === 'tensorType' ? info.type.value.value.elemType : undefined;
}
