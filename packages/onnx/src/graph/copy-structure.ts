import type { Attribute, Graph, Model, Node } from '../message/types';

/** Copy of one message, one level deep, that keeps field presence (the prototype) and unknown fields. */
export const copyMessage = <T extends object>(message: T): T =>
  Object.assign(Object.create(Object.getPrototypeOf(message) as object) as T, message);

const copyAttribute = (attribute: Attribute): Attribute => {
  if (attribute.g === undefined && attribute.graphs.length === 0) return attribute;
  const copy = copyMessage(attribute);
  if (attribute.g !== undefined) copy.g = copyGraph(attribute.g);
  copy.graphs = attribute.graphs.map(copyGraph);
  return copy;
};

/** Copy of a node with its own name lists; attributes are shared except those that hold graphs. */
export const copyNode = (node: Node): Node => {
  const copy = copyMessage(node);
  copy.input = [...node.input];
  copy.output = [...node.output];
  copy.attribute = node.attribute.map(copyAttribute);
  return copy;
};

/** Copy of a graph's structure: nodes and lists are new, tensors and value infos are shared. */
export const copyGraph = (graph: Graph): Graph => {
  const copy = copyMessage(graph);
  copy.node = graph.node.map(copyNode);
  copy.initializer = [...graph.initializer];
  copy.sparseInitializer = [...graph.sparseInitializer];
  copy.input = [...graph.input];
  copy.output = [...graph.output];
  copy.valueInfo = [...graph.valueInfo];
  copy.quantizationAnnotation = [...graph.quantizationAnnotation];
  return copy;
};

/** Copy of a model's structure; no tensor payload is copied, and the original is never touched by edits of the copy. */
export const copyModel = (model: Model): Model => {
  const copy = copyMessage(model);
  if (model.graph !== undefined) copy.graph = copyGraph(model.graph);
  copy.opsetImport = model.opsetImport.map(copyMessage);
  copy.metadataProps = [...model.metadataProps];
  return copy;
};
