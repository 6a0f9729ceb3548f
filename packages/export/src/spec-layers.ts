import type { QuantizationSpec, TensorQuantization } from '@bitwright/core';
import type { GraphIndex, Node } from '@bitwright/onnx';

/** A tensor that a layer reads or writes, with its parameters. */
export interface LayerTensor {
  readonly name: string;
  readonly quantization: TensorQuantization;
}

/** A node that runs on integers, with the parameters of everything it touches. */
export interface SpecLayer {
  readonly node: Node;
  /** Activations it reads, in the order of its inputs. */
  readonly inputs: readonly LayerTensor[];
  /** Constants it reads: weights, without biases. */
  readonly weights: readonly LayerTensor[];
  /** What it writes; behind an absorbed Relu or Clip under the name of the node's own output. */
  readonly outputs: readonly LayerTensor[];
}

/** The nodes that run on integers, in the order of the graph. */
export function specLayers(spec: QuantizationSpec, index: GraphIndex): readonly SpecLayer[] {
  const parametersOf = (name: string): TensorQuantization | undefined =>
    Object.hasOwn(spec.tensors, name) ? spec.tensors[name] : undefined;
  return index.nodes
    .filter((node) => kindOf(node, spec) === 'integer')
    .map((node) => {
      const read = node.input.flatMap((name): LayerTensor[] => {
        const quantization = parametersOf(name);
        return quantization === undefined ? [] : [{ name, quantization }];
      });
      const outputs = node.output.flatMap((name): LayerTensor[] => {
        const quantization = parametersOf(absorbingOutput(name, spec, index));
        return quantization === undefined ? [] : [{ name, quantization }];
      });
      const isConstant = ({ name }: LayerTensor): boolean => index.initializer(name) !== undefined;
      return {
        node,
        inputs: read.filter((tensor) => !isConstant(tensor)),
        weights: read.filter((tensor) => isConstant(tensor) && tensor.quantization.role === 'weight'),
        outputs,
      };
    });
}

/** The tensor behind the Relu and Clip nodes that disappear into the producer of `name`; itself where there are none. */
export function absorbingOutput(name: string, spec: QuantizationSpec, index: GraphIndex): string {
  const reader = index.consumers(name)[0]?.node;
  if (reader === undefined || kindOf(reader, spec) !== 'absorbed' || reader.input[0] !== name) return name;
  const output = reader.output[0] ?? '';
  return output === '' ? name : absorbingOutput(output, spec, index);
}

/** What the spec says about a node; undefined when it says nothing. */
export function kindOf(node: Node, spec: QuantizationSpec): QuantizationSpec['nodes'][string]['kind'] | undefined {
  return Object.hasOwn(spec.nodes, node.name) ? spec.nodes[node.name]?.kind : undefined;
}
