import { getFloats, getInt, getInts, getString, getStrings, type Node, tensorToArray } from '@bitwright/onnx';
import {
  activationParameters,
  type RecurrentCell,
  recurrentActivations,
  recurrentCells,
} from '../../tfjs-to-onnx/recurrent-cells';
import { customClasses } from '../custom-layers';
import type { KerasValue } from '../keras-value';
import { deferredWeight } from '../layer-writer';
import { arranged, dataInput, type NodeCall, type NodeConverter, sizeOf, unsupported, weightInput } from '../node-call';

/**
 * LSTM, GRU and RNN over sequences [T, N, F], forwards, backwards or both ways, with constant weights and initial states of 0.
 *
 * Keras has the batch first and no axis of directions, so the operators behind are taken over: Squeeze of that axis, or, for both
 * ways, a Transpose and a Reshape that put the directions beside each other.
 */
export const recurrentConverter: NodeConverter = {
  opTypes: recurrentCells.map(({ opType }) => opType),
  convert(call) {
    const { node } = call;
    refuseForms(call);
    const x = arranged(call, dataInput(call, 0), [1, 0, 2]);
    const direction = getString(node, 'direction', 'forward');
    const directions = direction === 'bidirectional' ? ['forward', 'reverse'] : [direction];
    const [sequence = '', last = '', cellState = ''] = node.output;
    if (cellState !== '' && isRead(call, cellState)) throw unsupported(call, 'outputs Y and Y_h', 'Y_c');
    const [readsSequence, readsLast] = [isRead(call, sequence), isRead(call, last)];
    const cell = cellOf(call);
    const activations = activationsOf(call, cell, directions.length);
    const layers = directions.map((way, i) => ({
      way,
      computed: recurrentLayer(call, cell, x.layer, {
        direction: i,
        isBackward: way === 'reverse',
        returnsSequences: readsSequence,
        activations: activations[i] ?? {},
      }),
    }));
    const units = getInt(node, 'hidden_size', 0);
    const [steps = null, batch = null] = x.shape;
    let result: KerasValue | undefined;
    if (readsLast) {
      if (directions.length > 1) throw unsupported(call, 'the sequence of both ways', 'their last states');
      const layer = readsSequence ? lastStep(call, layers[0]?.computed ?? '', units) : (layers[0]?.computed ?? '');
      result = { layer, shape: [batch, units], layout: [0, 1] };
      takeOver(call, last, [0], result);
    }
    if (readsSequence) {
      const inTime = layers.map(({ way, computed }) => (way === 'reverse' ? reversed(call, computed) : computed));
      const layer =
        inTime.length === 1 ? (inTime[0] ?? '') : call.writer.add('Concatenate', inTime, { config: { axis: 2 } });
      result = { layer, shape: [steps, batch, units * inTime.length], layout: [1, 0, 2] };
      if (inTime.length === 1) takeOver(call, sequence, [1], result);
      else takeOverBothWays(call, sequence, result);
    }
    if (result === undefined) throw unsupported(call, 'an output that somebody reads', 'none');
    return result;
  },
};

// — internals —

function refuseForms(call: NodeCall): void {
  const { node } = call;
  const refuse = (expected: string, received: string): never => {
    throw unsupported(call, expected, received);
  };
  if (getInt(node, 'layout', 0) !== 0) refuse('layout 0', '1');
  if (node.attribute.some(({ name }) => name === 'clip')) refuse('no clip', 'clip');
  if (getInt(node, 'input_forget', 0) !== 0) refuse('input_forget 0', '1');
  if (node.opType === 'GRU' && getInt(node, 'linear_before_reset', 0) !== 0) {
    refuse('linear_before_reset 0, which TensorFlow.js computes', '1');
  }
  if ((node.input[4] ?? '') !== '') refuse('sequences of one length', 'sequence_lens');
  if ((node.input[7] ?? '') !== '') refuse('no peepholes', 'P');
  for (const state of node.input.slice(5, 7)) {
    const tensor = state === '' ? undefined : call.index.initializer(state);
    const isZero = tensor !== undefined && Array.from(tensorToArray(tensor) as ArrayLike<number>).every((v) => v === 0);
    if (state !== '' && !isZero) refuse('initial states of 0', `"${state}"`);
  }
}

function isRead({ index }: NodeCall, output: string): boolean {
  return output !== '' && (index.consumers(output).length > 0 || index.isOutput(output));
}

function cellOf(call: NodeCall): RecurrentCell {
  const cell = recurrentCells.find(({ opType }) => opType === call.node.opType);
  if (cell === undefined) throw unsupported(call, 'LSTM, GRU or RNN', call.node.opType);
  return cell;
}

/** One direction as a Keras layer: kernel [F, G·H], recurrent_kernel [H, G·H], bias [G·H], gates in Keras' order. */
function recurrentLayer(
  call: NodeCall,
  cell: RecurrentCell,
  x: string,
  {
    direction,
    isBackward,
    returnsSequences,
    activations,
  }: {
    readonly direction: number;
    readonly isBackward: boolean;
    readonly returnsSequences: boolean;
    readonly activations: Readonly<Record<string, string>>;
  },
): string {
  const { node, writer } = call;
  const units = getInt(node, 'hidden_size', 0);
  const rows = cell.gates.length * units;
  const w = weightInput(call, 1, 'W');
  const r = weightInput(call, 2, 'R');
  const features = sizeOf(call, w.shape[2], 'number of features');
  const part = (data: Float32Array, size: number): Float32Array =>
    data.subarray(direction * size, (direction + 1) * size);
  const hasBias = (node.input[3] ?? '') !== '';
  // Bias of the input and of the state, [Wb, Rb]: without linear_before_reset only their sum counts.
  const both = hasBias ? part(weightInput(call, 3, 'B').data, 2 * rows) : new Float32Array(0);
  const bias = both.subarray(0, both.length / 2).map((v, i) => v + (both[rows + i] ?? 0));
  return writer.add(cell.className, [x], {
    config: {
      units,
      ...activations,
      use_bias: hasBias,
      return_sequences: returnsSequences,
      return_state: false,
      go_backwards: isBackward,
      stateful: false,
      unroll: false,
    },
    weights: {
      kernel: deferredWeight([features, rows], () =>
        gateColumns(part(w.data, rows * features), features, units, cell.gates),
      ),
      recurrent_kernel: deferredWeight([units, rows], () =>
        gateColumns(part(r.data, rows * units), units, units, cell.gates),
      ),
      ...(hasBias ? { bias: { shape: [rows], data: gateColumns(bias, 1, units, cell.gates) } } : {}),
    },
  });
}

/** Of each direction, Keras' keys of activations with their names. */
function activationsOf(
  call: NodeCall,
  { activations }: RecurrentCell,
  directions: number,
): readonly Readonly<Record<string, string>>[] {
  const given = getStrings(call.node, 'activations') ?? [];
  const slots = Array.from({ length: directions }, () => activations).flat();
  const chosen = slots.map(({ onnxDefault }, i) => {
    const name = given[i] ?? onnxDefault;
    const known = recurrentActivations.find(({ onnx }) => onnx === name);
    const names = recurrentActivations.map(({ onnx }) => onnx).join(', ');
    if (known === undefined) throw unsupported(call, `an activation of ${names}`, name);
    return known;
  });
  for (const [attribute, expected] of Object.entries(activationParameters(chosen))) {
    const values = getFloats(call.node, attribute)?.map(Math.fround);
    if (values !== undefined && values.join() !== expected.map(Math.fround).join()) {
      throw unsupported(call, `${attribute} [${expected}], which TensorFlow.js computes`, `[${values}]`);
    }
  }
  return Array.from({ length: directions }, (_, direction) => {
    const own = activations.map(
      ({ key }, i) => [key, chosen[direction * activations.length + i]?.keras ?? ''] as const,
    );
    const isMixed = own.some(([key, name]) => own.some(([other, another]) => other === key && another !== name));
    if (isMixed) throw unsupported(call, 'one activation for cell and output', given.join(', '));
    return Object.fromEntries(own);
  });
}

/** [G·H, columns] with ONNX' gates to [columns, G·H] with Keras'. */
function gateColumns(data: Float32Array, columns: number, units: number, gates: readonly number[]): Float32Array {
  const result = new Float32Array(data.length);
  const width = gates.length * units;
  gates.forEach((to, from) => {
    for (let h = 0; h < units; h++) {
      for (let i = 0; i < columns; i++) {
        result[i * width + to * units + h] = data[(from * units + h) * columns + i] ?? 0;
      }
    }
  });
  return result;
}

/** The last step that was computed, [N, H]. */
function lastStep({ writer }: NodeCall, sequence: string, units: number): string {
  const whole = { begin: 0, end: null, stride: 1 };
  const ranges = [{ begin: -1, end: null, stride: 1 }, whole];
  const step = writer.add(customClasses.slice, [sequence], { config: { ranges } });
  return writer.add('Reshape', [step], { config: { target_shape: [units] } });
}

/** The steps of [N, T, H] the other way round: Keras returns those of a backward layer as it computed them. */
function reversed({ writer }: NodeCall, sequence: string): string {
  return writer.add(customClasses.reverse, [sequence], { config: { axis: 1 } });
}

/** Every reader squeezes the axis of directions: what it gives is the layer's output. */
function takeOver(call: NodeCall, output: string, axes: readonly number[], value: KerasValue): void {
  for (const { node } of call.index.consumers(output)) {
    const given = squeezedAxes(call, node);
    if (node.opType !== 'Squeeze' || given?.join() !== axes.join()) {
      throw unsupported(call, `a Squeeze of axis ${axes.join()} behind "${output}"`, `${node.opType} "${node.name}"`);
    }
    call.provide(node.output[0] ?? '', value);
  }
  if (call.index.isOutput(output)) throw unsupported(call, 'a Squeeze of the directions', `output "${output}"`);
}

function squeezedAxes({ index }: NodeCall, node: Node): readonly number[] | undefined {
  const constant = index.initializer(node.input[1] ?? '');
  if (constant !== undefined) return Array.from(tensorToArray(constant) as ArrayLike<number | bigint>, Number);
  return getInts(node, 'axes', []);
}

/** [T, 2, N, H] → Transpose [0, 2, 1, 3] → Reshape [T, N, 2·H]. */
function takeOverBothWays(call: NodeCall, output: string, value: KerasValue): void {
  const refusal = (received: string): Error =>
    unsupported(call, 'a Transpose [0,2,1,3] and a Reshape to [T, N, 2·H] behind both ways', received);
  const uses = call.index.consumers(output);
  const transpose = uses.length === 1 && !call.index.isOutput(output) ? uses[0]?.node : undefined;
  if (transpose?.opType !== 'Transpose' || getInts(transpose, 'perm', []).join() !== '0,2,1,3') {
    throw refusal(uses.map(({ node }) => node.opType).join(', '));
  }
  const turned = transpose.output[0] ?? '';
  call.provide(turned, value);
  for (const { node } of call.index.consumers(turned)) {
    const shape = call.shapeOf(node.output[0] ?? '');
    const isJoined = node.opType === 'Reshape' && shape.length === 3 && (shape[2] ?? value.shape[2]) === value.shape[2];
    if (!isJoined) throw refusal(node.opType);
    call.provide(node.output[0] ?? '', value);
  }
}
