import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto } from '../generated/onnx_pb';

/** A tensor met on a walk through a model. */
export interface TensorVisit {
  readonly tensor: TensorProto;
  readonly place: TensorPlace;
}

/**
 * What holds a tensor. Only an `initializer` (of the main graph or one of its subgraphs) may live in an external file;
 * `function` and `training` mean an initializer inside a function body or a training graph.
 */
export type TensorPlace = 'initializer' | 'attribute' | 'sparse' | 'function' | 'training';

type GraphOwner = 'initializer' | 'function' | 'training';

/** Every tensor of a model: initializers, attributes and sparse tensors of all graphs, functions and training graphs. */
export function* walkTensors(model: ModelProto): Generator<TensorVisit> {
  if (model.graph !== undefined) yield* graphTensors(model.graph, 'initializer');
  for (const definition of model.functions) {
    yield* nodeTensors(definition.node, 'function');
    for (const attribute of definition.attributeProto) yield* attributeTensors(attribute, 'function');
  }
  for (const training of model.trainingInfo) {
    if (training.initialization !== undefined) yield* graphTensors(training.initialization, 'training');
    if (training.algorithm !== undefined) yield* graphTensors(training.algorithm, 'training');
  }
}

function* graphTensors(graph: GraphProto, owner: GraphOwner): Generator<TensorVisit> {
  for (const tensor of graph.initializer) yield { tensor, place: owner };
  for (const { values, indices } of graph.sparseInitializer) {
    if (values !== undefined) yield { tensor: values, place: 'sparse' };
    if (indices !== undefined) yield { tensor: indices, place: 'sparse' };
  }
  yield* nodeTensors(graph.node, owner);
}

function* nodeTensors(nodes: readonly NodeProto[], owner: GraphOwner): Generator<TensorVisit> {
  for (const node of nodes) for (const attribute of node.attribute) yield* attributeTensors(attribute, owner);
}

function* attributeTensors(attribute: AttributeProto, owner: GraphOwner): Generator<TensorVisit> {
  if (attribute.t !== undefined) yield { tensor: attribute.t, place: 'attribute' };
  for (const tensor of attribute.tensors) yield { tensor, place: 'attribute' };
  const sparse = [...attribute.sparseTensors];
  if (attribute.sparseTensor !== undefined) sparse.push(attribute.sparseTensor);
  for (const { values, indices } of sparse) {
    if (values !== undefined) yield { tensor: values, place: 'sparse' };
    if (indices !== undefined) yield { tensor: indices, place: 'sparse' };
  }
  if (attribute.g !== undefined) yield* graphTensors(attribute.g, owner);
  for (const graph of attribute.graphs) yield* graphTensors(graph, owner);
}

const placeTitles: Readonly<Record<TensorPlace, string>> = {
  initializer: 'an initializer',
  attribute: 'a node attribute',
  sparse: 'a sparse tensor',
  function: 'a function body',
  training: 'a training graph',
};

/** `a node attribute`, …: for messages. */
export function describePlace(place: TensorPlace): string {
  return placeTitles[place];
}
