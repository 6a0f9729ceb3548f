import { getInt, getInts, getString, getStrings, type Node, tensorToArray } from '@bitwright/onnx';
import { customClasses } from '../custom-layers';
import type { KerasValue } from '../keras-value';
import { arranged, dataInput, type NodeCall, type NodeConverter, sizeOf, unsupported, weightInput } from '../node-call';

/** What differs between the recurrent layers of Keras. */
interface Cell {
  readonly className: 'LSTM' | 'GRU' | 'SimpleRNN';
  /** Keras' gate at each of ONNX' gates: LSTM i o f c ← i f c o; GRU z r h stays. */
  readonly gates: readonly number[];
  /** Activations of ONNX by default, and the key of each in Keras. */
  readonly activations: readonly (readonly [key: string, fallback: string])[];
}

const cells: Readonly<Record<string, Cell>> = {
  LSTM: {
    className: 'LSTM',
    gates: [0, 3, 1, 2],
    activations: [
      ['recurrent_activation', 'Sigmoid'],
      ['activation', 'Tanh'],
      ['activation', 'Tanh'],
    ],
  },
  GRU: {
    className: 'GRU',
    gates: [0, 1, 2],
    activations: [
      ['recurrent_activation', 'Sigmoid'],
      ['activation', 'Tanh'],
    ],
  },
  RNN: { className: 'SimpleRNN', gates: [0], activations: [['activation', 'Tanh']] },
};

const functions: Readonly<Record<string, string>> = {
  Sigmoid: 'sigmoid',
  HardSigmoid: 'hard_sigmoid',
  Tanh: 'tanh',
  Relu: 'relu',
  Softsign: 'softsign',
  Softplus: 'softplus',
  Elu: 'elu',
  Affine: 'linear',
};

/**
 * LSTM, GRU and RNN over sequences [T, N, F], forwards, backwards or both ways, with constant weights and initial states of 0.
 *
 * Keras has the batch first and no axis of directions, so the operators behind are taken over: Squeeze of that axis, or, for both
 * ways, a Transpose and a Reshape that put the directions beside each other.
 */
export const recurrentConverter: NodeConverter = {
  opTypes: Object.keys(cells),
  convert(call) {
    const { node } = call;
    refuseForms(call);
    const x = arranged(call, dataInput(call, 0), [1, 0, 2]);
    const direction = getString(node, 'direction', 'forward');
    const directions = direction === 'bidirectional' ? ['forward', 'reverse'] : [direction];
    const [sequence = '', last = '', cellState = ''] = node.output;
    if (cellState !== '' && isRead(call, cellState)) throw unsupported(call, 'outputs Y and Y_h', 'Y_c');
    const [readsSequence, readsLast] = [isRead(call, sequence), isRead(call, last)];
    const layers = directions.map((way, i) => ({
      way,
      computed: recurrentLayer(call, x.layer, i, way === 'reverse', readsSequence),
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

/** One direction as a Keras layer: kernel [F, G·H], recurrent_kernel [H, G·H], bias [G·H], gates in Keras' order. */
function recurrentLayer(
  call: NodeCall,
  x: string,
  direction: number,
  isBackward: boolean,
  returnsSequences: boolean,
): string {
  const { node, writer } = call;
  const cell = cells[node.opType];
  if (cell === undefined) throw unsupported(call, 'LSTM, GRU or RNN', node.opType);
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
      ...activationsOf(call, cell, direction),
      use_bias: hasBias,
      return_sequences: returnsSequences,
      return_state: false,
      go_backwards: isBackward,
      stateful: false,
      unroll: false,
    },
    weights: {
      kernel: {
        shape: [features, rows],
        data: gateColumns(part(w.data, rows * features), features, units, cell.gates),
      },
      recurrent_kernel: {
        shape: [units, rows],
        data: gateColumns(part(r.data, rows * units), units, units, cell.gates),
      },
      ...(hasBias ? { bias: { shape: [rows], data: gateColumns(bias, 1, units, cell.gates) } } : {}),
    },
  });
}

function activationsOf(call: NodeCall, { activations }: Cell, direction: number): Record<string, string> {
  const given = getStrings(call.node, 'activations') ?? [];
  const first = direction * activations.length;
  const chosen = activations.map(([key, fallback], i): [string, string] => {
    const name = given[first + i] ?? fallback;
    const known = functions[name];
    if (known === undefined) throw unsupported(call, `an activation of ${Object.keys(functions).join(', ')}`, name);
    return [key, known];
  });
  const different = chosen.find(([key, name]) => chosen.some(([other, another]) => other === key && another !== name));
  if (different !== undefined) throw unsupported(call, 'one activation for cell and output', given.join(', '));
  return Object.fromEntries(chosen);
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
