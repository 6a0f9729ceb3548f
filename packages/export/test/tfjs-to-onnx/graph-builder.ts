import { seededRandom } from '@bitwright/core';
import * as tf from '@tensorflow/tfjs-core';
import type { GraphModelArtifacts } from '../../src/index';

export type Attributes = Record<string, unknown>;

/** Builds a GraphDef as the TensorFlow.js converter writes it: constants as nodes, texts in base 64. */
export class GraphBuilder {
  private readonly nodes: object[] = [];
  private readonly specs: { name: string; shape: number[]; dtype: string }[] = [];
  private readonly data: Float32Array[] = [];
  private readonly random = seededRandom(3);

  node(op: string, name: string, input: readonly string[], attr: Attributes = {}): string {
    this.nodes.push({ name, op, input, attr });
    return name;
  }
  constant(name: string, shape: number[], make: (i: number) => number = () => this.random.next() - 0.5): tf.Tensor {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => make(i));
    this.node('Const', name, [], { dtype: { type: 'DT_FLOAT' } });
    this.specs.push({ name, shape, dtype: 'float32' });
    this.data.push(values);
    return tf.tensor(values, shape);
  }
  artifacts(): GraphModelArtifacts {
    const floats = this.data.flatMap((values) => [...values]);
    return {
      modelTopology: { node: this.nodes },
      weightSpecs: this.specs,
      weightData: Float32Array.from(floats).buffer,
    };
  }
}

export const text = (value: string): Attributes => ({ s: btoa(value) });
export const ints = (...list: number[]): Attributes => ({ list: { i: list.map(String) } });
export const texts = (...list: string[]): Attributes => ({ list: { s: list.map((item) => btoa(item)) } });
export const shape = (...sizes: number[]): Attributes => ({
  shape: { dim: sizes.map((size) => ({ size: String(size) })) },
});
