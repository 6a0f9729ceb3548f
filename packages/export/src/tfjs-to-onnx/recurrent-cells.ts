/** What Keras and ONNX say of one recurrent layer, for both directions of conversion. */
export interface RecurrentCell {
  readonly className: 'LSTM' | 'GRU' | 'SimpleRNN';
  readonly opType: 'LSTM' | 'GRU' | 'RNN';
  /** Keras' gate at each of ONNX' gates: LSTM i f c o → i o f c; GRU z r h stays. */
  readonly gates: readonly number[];
  /** In ONNX' order: the configuration key in Keras, and what either format means where nothing is said. */
  readonly activations: readonly RecurrentActivationSlot[];
  /** Outputs of the operator behind the sequence: last state, and for LSTM the cell's. */
  readonly states: number;
}

interface RecurrentActivationSlot {
  readonly key: 'activation' | 'recurrent_activation';
  readonly kerasDefault: string;
  readonly onnxDefault: string;
}

/** An activation of recurrent layers: its name in both formats and ONNX' parameters that make it Keras' function. */
export interface RecurrentActivation {
  readonly keras: string;
  readonly onnx: string;
  readonly alpha?: number;
  readonly beta?: number;
}

const gate = { key: 'recurrent_activation', kerasDefault: 'hard_sigmoid', onnxDefault: 'Sigmoid' } as const;
const output = { key: 'activation', kerasDefault: 'tanh', onnxDefault: 'Tanh' } as const;

export const recurrentCells: readonly RecurrentCell[] = [
  { className: 'LSTM', opType: 'LSTM', gates: [0, 3, 1, 2], activations: [gate, output, output], states: 2 },
  { className: 'GRU', opType: 'GRU', gates: [0, 1, 2], activations: [gate, output], states: 1 },
  { className: 'SimpleRNN', opType: 'RNN', gates: [0], activations: [output], states: 1 },
];

/**
 * hard_sigmoid(x) = clip(0.2x + 0.5, 0, 1), elu with α = 1, linear as 1·x + 0. The parameters are those that ONNX means where the
 * attributes are left out.
 *
 * @see ONNX operator LSTM, attribute activations
 */
export const recurrentActivations: readonly RecurrentActivation[] = [
  { keras: 'sigmoid', onnx: 'Sigmoid' },
  { keras: 'hard_sigmoid', onnx: 'HardSigmoid', alpha: 0.2, beta: 0.5 },
  { keras: 'tanh', onnx: 'Tanh' },
  { keras: 'relu', onnx: 'Relu' },
  { keras: 'softsign', onnx: 'Softsign' },
  { keras: 'softplus', onnx: 'Softplus' },
  { keras: 'elu', onnx: 'Elu', alpha: 1 },
  { keras: 'linear', onnx: 'Affine', alpha: 1, beta: 0 },
];

/** ONNX' lists of parameters: in the order of the activations, only of those that have them. */
export function activationParameters(chosen: readonly RecurrentActivation[]): {
  readonly activation_alpha: readonly number[];
  readonly activation_beta: readonly number[];
} {
  return {
    activation_alpha: chosen.flatMap(({ alpha }) => alpha ?? []),
    activation_beta: chosen.flatMap(({ beta }) => beta ?? []),
  };
}
