import {
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
} from '../generated/onnx_pb';
import { copyFields } from '../message/copy-fields';

/** Change of one initializer; returning the tensor itself keeps it. */
export type TensorMap = (tensor: TensorProto) => TensorProto;

const all = (): boolean => true;

/**
 * Model with every initializer of the main graph and its subgraphs replaced by `change(initializer)`. The input is not
 * modified; whatever does not change is shared with it.
 */
export function mapInitializers(model: ModelProto, change: TensorMap): ModelProto {
  if (model.graph === undefined) return model;
  const graph = mapGraph(model.graph, change);
  if (graph === model.graph) return model;
  const copy = copyFields(ModelProtoSchema, model, all);
  copy.graph = graph;
  return copy;
}

function mapList<T>(list: T[], change: (item: T) => T): T[] {
  const mapped = list.map(change);
  return mapped.every((item, i) => item === list[i]) ? list : mapped;
}

function mapGraph(graph: GraphProto, change: TensorMap): GraphProto {
  const initializer = mapList(graph.initializer, change);
  const node = mapList(graph.node, (item) => mapNode(item, change));
  if (initializer === graph.initializer && node === graph.node) return graph;
  const copy = copyFields(GraphProtoSchema, graph, all);
  copy.initializer = initializer;
  copy.node = node;
  return copy;
}

function mapNode(node: NodeProto, change: TensorMap): NodeProto {
  const attribute = mapList(node.attribute, (item) => {
    const g = item.g === undefined ? undefined : mapGraph(item.g, change);
    const graphs = mapList(item.graphs, (graph) => mapGraph(graph, change));
    if (g === item.g && graphs === item.graphs) return item;
    const copy = copyFields(AttributeProtoSchema, item, all);
    if (g !== undefined) copy.g = g;
    copy.graphs = graphs;
    return copy;
  });
  if (attribute === node.attribute) return node;
  const copy = copyFields(NodeProtoSchema, node, all);
  copy.attribute = attribute;
  return copy;
}
