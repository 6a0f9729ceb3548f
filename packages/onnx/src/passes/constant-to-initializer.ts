import { findAttribute, getFloat, getFloats, getString, getStrings, getTensor } from '../attribute/read-attribute';
import { nodeLabel } from '../graph/body-graphs';
import { renamedTensor } from '../graph/editor-state';
import type { Node, SparseTensor, Tensor } from '../message/types';
import { elementCount } from '../shape/element-map';
import { DataType } from '../tensor/data-type';
import { tensorFromArray, tensorFromStrings } from '../tensor/tensor-from-array';
import { isExternal } from '../tensor/tensor-payload';
import { tensorToArray } from '../tensor/tensor-to-array';
import { allocateEntries, setEntry } from './fold/constant-tensor';
import { editingPass, type GraphPass, isStandard } from './graph-pass';

/** A sparse constant is written out densely up to this many elements; larger ones stay as they are. */
const maxDenseElements = 1 << 20;

/** Dense form of a sparse tensor. `indices` is [NNZ] of flat positions or [NNZ, rank] of coordinates. */
const toDense = (sparse: SparseTensor, name: string): Tensor | undefined => {
  const { values, indices } = sparse;
  const dims = sparse.dims.map(Number);
  if (values === undefined || indices === undefined || elementCount(dims) > maxDenseElements) return undefined;
  if (isExternal(values) || isExternal(indices)) return undefined;
  const from = tensorToArray(values);
  const positions = Array.from(tensorToArray(indices) as ArrayLike<number | bigint>, Number);
  const size = elementCount(dims);
  const data = allocateEntries(values.dataType, size);
  if (data === undefined) return undefined;
  const perValue = indices.dims.length === 2 ? dims.length : 1;
  for (let k = 0; k < from.length; k += 1) {
    let flat = 0;
    for (let axis = 0; axis < perValue; axis += 1) {
      flat = flat * (perValue === 1 ? size : (dims[axis] ?? 1)) + (positions[k * perValue + axis] ?? 0);
    }
    if (flat < 0 || flat >= size) return undefined;
    setEntry(data, flat, from[k] ?? 0);
  }
  return tensorFromArray(name, values.dataType, dims, data);
};

/** What a Constant node holds, under the name of its output; undefined when it has to stay a node. */
const constantTensor = (node: Node, name: string): Tensor | undefined => {
  const dense = getTensor(node, 'value');
  if (dense !== undefined) return isExternal(dense) ? undefined : renamedTensor(dense, name);
  const float = getFloat(node, 'value_float');
  if (float !== undefined) return tensorFromArray(name, DataType.FLOAT, [], Float32Array.of(float));
  const floats = getFloats(node, 'value_floats');
  if (floats !== undefined) return tensorFromArray(name, DataType.FLOAT, [floats.length], Float32Array.from(floats));
  const int = findAttribute(node, 'value_int')?.i;
  if (int !== undefined) return tensorFromArray(name, DataType.INT64, [], BigInt64Array.of(int));
  const ints = findAttribute(node, 'value_ints')?.ints;
  if (ints !== undefined) return tensorFromArray(name, DataType.INT64, [ints.length], BigInt64Array.from(ints));
  const text = getString(node, 'value_string');
  if (text !== undefined) return tensorFromStrings(name, [], [text]);
  const texts = getStrings(node, 'value_strings');
  if (texts !== undefined) return tensorFromStrings(name, [texts.length], texts);
  const sparse = node.attribute.find((attribute) => attribute.name === 'sparse_value')?.sparseTensor;
  return sparse === undefined ? undefined : toDense(sparse, name);
};

/**
 * Turns Constant nodes into initializers of the same name. Exact. Constants that are model outputs, and sparse ones of
 * more than 2^20 elements, stay nodes.
 */
export const constantToInitializer: GraphPass = editingPass('constantToInitializer', ({ edit, note }) => {
  for (const node of edit.nodes()) {
    const [name = ''] = node.output;
    if (node.opType !== 'Constant' || !isStandard(node) || name === '' || edit.isOutput(name)) continue;
    const tensor = constantTensor(node, name);
    if (tensor === undefined) continue;
    edit.removeNode(node);
    edit.addInitializer(tensor);
    note(`Constant "${nodeLabel(node)}" became initializer "${name}"`);
  }
});
