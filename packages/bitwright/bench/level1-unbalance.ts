import { seededRandom } from '@bitwright/core';
import {
  DataType,
  editGraph,
  type GraphEditor,
  getInt,
  type Model,
  type Node,
  type Tensor,
  tensorFromArray,
  tensorToFloat32,
} from '@bitwright/onnx';

/** A model with channel ranges that no single scale fits, and what was done to it. */
export interface UnbalancedModel {
  readonly model: Model;
  readonly pairs: number;
  /** Clip nodes that had to become Relu first: a ceiling does not scale. */
  readonly replacedClips: number;
}

/**
 * The classic collapse: every Relu or Clip between two convolutions with one reader each gets random channel factors
 * 2^−6 … 2^6; the first convolution's output channels are multiplied, the second one's input channels divided. Powers of two are
 * exact in float32, so the float model computes the very same numbers (less the ceiling of a Clip, which becomes a Relu).
 */
export function unbalance(model: Model, seed = 1): UnbalancedModel {
  const random = seededRandom(seed);
  const edit = editGraph(model);
  let pairs = 0;
  let replacedClips = 0;
  for (const node of edit.nodes()) {
    if (node.opType !== 'Relu' && node.opType !== 'Clip') continue;
    const before = edit.producer(node.input[0] ?? '');
    const after = onlyReader(edit, node.output[0] ?? '');
    if (before?.opType !== 'Conv' || after?.opType !== 'Conv' || onlyReader(edit, node.input[0] ?? '') !== node)
      continue;
    if (node.opType === 'Clip') {
      edit.setInputs(node, node.input.slice(0, 1));
      edit.setOperator(node, 'Relu');
      replacedClips += 1;
    }
    const weight = edit.initializer(before.input[1] ?? '');
    const channels = Number(weight?.dims[0] ?? 0);
    const factors = Array.from({ length: channels }, () => 2 ** (Math.floor(random.next() * 13) - 6));
    scale(edit, before, 1, (i, size) => factors[Math.floor(i / (size / channels))] as number);
    scale(edit, before, 2, (i) => factors[i] as number);
    const groups = getInt(after, 'group', 1);
    const dims = edit.initializer(after.input[1] ?? '')?.dims.map(Number) ?? [];
    const [outputs = 1, inputs = 1, ...kernel] = dims;
    const taps = kernel.reduce((a, b) => a * b, 1);
    scale(edit, after, 1, (i) => {
      const output = Math.floor(i / (inputs * taps));
      const input = Math.floor(output / (outputs / groups)) * inputs + (Math.floor(i / taps) % inputs);
      return 1 / (factors[input] as number);
    });
    pairs += 1;
  }
  return { model: edit.finish(), pairs, replacedClips };
}

function onlyReader(edit: GraphEditor, name: string): Node | undefined {
  const uses = edit.consumers(name);
  return uses.length === 1 && !edit.isOutput(name) ? uses[0]?.node : undefined;
}

function scale(edit: GraphEditor, node: Node, input: number, factor: (i: number, size: number) => number): void {
  const name = node.input[input] ?? '';
  const tensor: Tensor | undefined = edit.initializer(name);
  if (tensor === undefined) return;
  const values = tensorToFloat32(tensor).map((v, i, all) => v * factor(i, all.length));
  edit.replaceInitializer(name, tensorFromArray(name, DataType.FLOAT, tensor.dims, values));
}

/**
 * Outlier channels, as large language models grow them: in every normalized stream some channels get a gain `factor` times as large,
 * and the rows of the products that read them are divided by it. With a power of two the float model stays the very same.
 */
export function addOutliers(model: Model, channels: readonly number[], factor: number): Model {
  const edit = editGraph(model);
  for (const node of edit.nodes()) {
    const gain = node.opType === 'Mul' ? node.input.find((name) => edit.initializer(name) !== undefined) : undefined;
    const readers = edit.consumers(node.output[0] ?? '').map((use) => use.node);
    const isNormalized = readers.length > 0 && readers.every((reader) => reader.opType === 'MatMul');
    if (gain === undefined || !isNormalized || edit.consumers(gain).length > 1) continue;
    if (readers.some((reader) => edit.initializer(reader.input[1] ?? '') === undefined)) continue;
    scale(edit, node, node.input.indexOf(gain), (i) => (channels.includes(i) ? factor : 1));
    for (const reader of readers) {
      const columns = Number(edit.initializer(reader.input[1] ?? '')?.dims[1] ?? 1);
      scale(edit, reader, 1, (i) => (channels.includes(Math.floor(i / columns)) ? 1 / factor : 1));
    }
  }
  return edit.finish();
}
