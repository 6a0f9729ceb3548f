import {
  type Attribute,
  DataType,
  getInt,
  getTensor,
  intAttribute,
  type Node,
  nodeLabel,
  type Tensor,
  tensorAttribute,
  tensorFromArray,
} from '@bitwright/onnx';

/** Operators whose attribute names the element type of their result, and the type when the attribute is missing. */
const typeAttributes: Readonly<Record<string, readonly [name: string, fallback: number]>> = {
  Cast: ['to', DataType.UNDEFINED],
  RandomNormal: ['dtype', DataType.FLOAT],
  RandomUniform: ['dtype', DataType.FLOAT],
  RandomNormalLike: ['dtype', DataType.UNDEFINED],
  RandomUniformLike: ['dtype', DataType.UNDEFINED],
  EyeLike: ['dtype', DataType.UNDEFINED],
  Bernoulli: ['dtype', DataType.UNDEFINED],
  DequantizeLinear: ['output_dtype', DataType.UNDEFINED],
};

/**
 * Makes the attributes that name float32 or hold float32 constants say float16. Changes `copy`.
 *
 * @param node the original of `copy`
 * @param constant what a Constant node holds, where it holds a tensor
 */
export function narrowAttributes(
  copy: Node,
  node: Node,
  constant: Tensor | undefined,
  narrow: (tensor: Tensor, label: string) => Tensor,
): void {
  const label = node.output[0] ?? nodeLabel(node);
  const typeAttribute = Object.hasOwn(typeAttributes, node.opType) ? typeAttributes[node.opType] : undefined;
  if (typeAttribute !== undefined) {
    const [name, fallback] = typeAttribute;
    if (getInt(node, name, fallback) === DataType.FLOAT) setAttribute(copy, intAttribute(name, DataType.FLOAT16));
  }
  if (node.opType === 'ConstantOfShape') {
    const value = getTensor(node, 'value') ?? tensorFromArray('', DataType.FLOAT, [1], new Float32Array(1));
    if (value.dataType === DataType.FLOAT) setAttribute(copy, tensorAttribute('value', narrow(value, label)));
  }
  if (node.opType === 'Constant') {
    const value = constant ?? listConstant(node);
    if (value?.dataType === DataType.FLOAT) copy.attribute = [tensorAttribute('value', narrow(value, label))];
  }
}

// — internals —

/** A constant written as attribute value_float or value_floats. */
function listConstant(node: Node): Tensor | undefined {
  const scalar = node.attribute.find(({ name }) => name === 'value_float');
  if (scalar !== undefined) return tensorFromArray('', DataType.FLOAT, [], Float32Array.of(scalar.f));
  const list = node.attribute.find(({ name }) => name === 'value_floats')?.floats;
  return list === undefined ? undefined : tensorFromArray('', DataType.FLOAT, [list.length], Float32Array.from(list));
}

function setAttribute(node: Node, attribute: Attribute): void {
  node.attribute = [...node.attribute.filter(({ name }) => name !== attribute.name), attribute];
}
