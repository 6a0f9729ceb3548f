import { floatsAttribute, intAttribute, stringAttribute, stringsAttribute } from '@bitwright/onnx';
import {
  flagOf,
  knownSize,
  type LayerCall,
  type LayerConverter,
  numberOf,
  textOf,
  unsupportedLayer,
  weightOf,
} from '../layer-call';
import { isRecord } from '../layers-model';
import { activationParameters, type RecurrentCell, recurrentActivations, recurrentCells } from '../recurrent-cells';
import type { Value } from '../value';
import { activationName, usesBias } from './activation';

/**
 * LSTM, GRU, SimpleRNN (and RNN around one of their cells): kernel [in, G·H], recurrent_kernel [H, G·H], bias [G·H], G gates.
 *
 * ONNX wants time first, [T, N, F]: the value is arranged so, and the result stays so, hence stacked layers need no
 * transpositions in between.
 */
export const recurrentConverter: LayerConverter = {
  classNames: ['LSTM', 'GRU', 'SimpleRNN', 'RNN'],
  convert(call) {
    const { cell, config } = cellOf(call);
    const inner = { ...call, config };
    refuseUnsupported(inner);
    const x = call.writer.arrange(inputAt(inner, 0), [1, 0, 2]);
    const units = numberOf(inner, 'units');
    const isBackward = flagOf(inner, 'go_backwards', false);
    const [sequence = '', ...last] = call.writer.node(cell.opType, recurrentInputs(inner, cell, x, units), {
      outputs: 1 + cell.states,
      attributes: [
        intAttribute('hidden_size', units),
        stringAttribute('direction', isBackward ? 'reverse' : 'forward'),
        ...activationAttributes(inner, cell),
      ],
    });
    const [batch = null, steps = null] = x.shape;
    const states = last.map((name) => squeezed(inner, name, 0, [batch, units]));
    const all = (): Value => orderedSequence(inner, sequence, [batch, steps, units], isBackward);
    const output = flagOf(inner, 'return_sequences', false) ? all() : (states[0] ?? all());
    return flagOf(inner, 'return_state', false) ? [output, ...states] : [output];
  },
};

function cellOf(call: LayerCall): { cell: RecurrentCell; config: LayerCall['config'] } {
  const wrapped = call.config['cell'];
  const isGeneric = call.className === 'RNN' && isRecord(wrapped);
  const className = isGeneric ? String(wrapped['class_name']).replace(/Cell$/, '') : call.className;
  const cell = recurrentCells.find((known) => known.className === className);
  if (cell === undefined) {
    const known = recurrentCells.map((each) => each.className).join(', ');
    throw unsupportedLayer(call, `a cell of ${known}`, `"${className}"`);
  }
  const config = isGeneric && isRecord(wrapped['config']) ? { ...wrapped['config'], ...call.config } : call.config;
  return { cell, config };
}

function refuseUnsupported(call: LayerCall): void {
  if (flagOf(call, 'stateful', false))
    throw unsupportedLayer(call, 'a layer without memory between calls', 'stateful: true');
  if (flagOf(call, 'reset_after', false)) throw unsupportedLayer(call, 'reset_after: false', 'true');
  if (call.inputs.some((input) => input.isMasked === true)) {
    throw unsupportedLayer(
      call,
      'an input without a mask',
      'a masked one',
      'Steps that a mask skips cannot be told to ONNX; feed sequences of one length.',
    );
  }
}

function inputAt(call: LayerCall, index: number): Value {
  const input = call.inputs[index];
  if (input === undefined) throw unsupportedLayer(call, `an input ${index}`, `${call.inputs.length} inputs`);
  return input;
}

/** X, W [1, G·H, in], R [1, G·H, H], B [1, 2·G·H] (recurrent half 0), sequence_lens (none), initial states [1, N, H]. */
function recurrentInputs(call: LayerCall, cell: RecurrentCell, x: Value, units: number): string[] {
  const { writer } = call;
  const gates = cell.gates.length;
  const depth = knownSize(call, x.shape[2], 'number of features');
  const kernel = weightOf(call, 'kernel', [depth, gates * units]);
  const recurrent = weightOf(call, 'recurrent_kernel', [units, gates * units]);
  const w = writer.constant(
    kernel.name,
    [1, gates * units, depth],
    () => gateRows(kernel.data, depth, units, cell.gates),
    'W',
  );
  const r = writer.constant(
    recurrent.name,
    [1, gates * units, units],
    () => gateRows(recurrent.data, units, units, cell.gates),
    'R',
  );
  const bias = usesBias(call) ? weightOf(call, 'bias', [gates * units]) : undefined;
  const b =
    bias === undefined
      ? ''
      : writer.constant(
          bias.name,
          [1, 2 * gates * units],
          () => {
            const both = new Float32Array(2 * gates * units);
            both.set(gateRows(bias.data, 1, units, cell.gates));
            return both;
          },
          'B',
        );
  const states = call.inputs
    .slice(1)
    .map((state) => writer.one('Unsqueeze', [writer.plain(state).name, writer.int64([0])]));
  if (states.length !== 0 && states.length !== cell.states)
    throw unsupportedLayer(call, `${cell.states} initial states`, `${states.length}`);
  const inputs = [x.name, w, r, b, '', ...states];
  while (inputs.at(-1) === '') inputs.pop();
  return inputs;
}

/** [rows, G·H] transposed to [G·H, rows], the gates in ONNX' order. */
function gateRows(data: Float32Array, rows: number, units: number, gates: readonly number[]): Float32Array {
  const result = new Float32Array(data.length);
  const columns = gates.length * units;
  gates.forEach((from, to) => {
    for (let h = 0; h < units; h++) {
      for (let i = 0; i < rows; i++) {
        result[(to * units + h) * rows + i] = data[i * columns + from * units + h] ?? 0;
      }
    }
  });
  return result;
}

function activationAttributes(call: LayerCall, cell: RecurrentCell): ReturnType<typeof stringsAttribute>[] {
  const chosen = cell.activations.map(({ key, kerasDefault }) => {
    const text = textOf(call, key, kerasDefault);
    const known = recurrentActivations.find(({ keras }) => activationName(keras) === activationName(text));
    if (known === undefined) throw unsupportedLayer(call, 'an activation of ONNX recurrent layers', `${key} "${text}"`);
    return known;
  });
  const names = chosen.map(({ onnx }) => onnx);
  const parameters = Object.entries(activationParameters(chosen)).filter(([, values]) => values.length > 0);
  return [stringsAttribute('activations', names), ...parameters.map(([name, values]) => floatsAttribute(name, values))];
}

function squeezed(call: LayerCall, name: string, axis: number, shape: Value['shape']): Value {
  return call.writer.value(call.writer.one('Squeeze', [name, call.writer.int64([axis])]), shape);
}

/** [T, 1, N, H] without its second axis; a backward layer's steps in the order they were computed, as Keras returns them. */
function orderedSequence(call: LayerCall, sequence: string, shape: Value['shape'], isBackward: boolean): Value {
  const value = { ...squeezed(call, sequence, 1, shape), layout: [1, 0, 2] };
  return isBackward ? { ...value, name: reversedAxis(call, value) } : value;
}

/** A value with one axis of its ONNX tensor in reverse order; the first, where nothing is said: the steps of a time-first one. */
export function reversedAxis({ writer }: LayerCall, value: Value, axis = 0): string {
  const bounds = [-1, -Number.MAX_SAFE_INTEGER, axis, -1].map((bound) => writer.int64([bound]));
  return writer.one('Slice', [value.name, ...bounds]);
}
