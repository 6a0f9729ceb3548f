import { getFloat, getInt } from '@bitwright/onnx';
import { channelsLastLayout } from '../keras-value';
import { arranged, dataInput, type NodeConverter, unsupported, weightInput } from '../node-call';

/** BatchNormalization with its statistics; its parameters stay trainable. */
export const batchNormalizationConverter: NodeConverter = {
  opTypes: ['BatchNormalization'],
  convert(call) {
    if (getInt(call.node, 'training_mode', 0) !== 0) throw unsupported(call, 'training_mode 0', '1');
    const input = dataInput(call, 0);
    const x = arranged(call, input, channelsLastLayout(input.shape.length));
    const names = ['gamma', 'beta', 'moving_mean', 'moving_variance'];
    const weights = Object.fromEntries(names.map((name, i) => [name, weightInput(call, i + 1, name)]));
    const config = {
      axis: -1,
      epsilon: getFloat(call.node, 'epsilon', 1e-5),
      momentum: getFloat(call.node, 'momentum', 0.9),
    };
    return { ...x, layer: call.writer.add('BatchNormalization', [x.layer], { config, weights }) };
  },
};

/** LayerNormalization over the last axis. */
export const layerNormalizationConverter: NodeConverter = {
  opTypes: ['LayerNormalization'],
  convert(call) {
    const input = dataInput(call, 0);
    const rank = input.shape.length;
    const axis = getInt(call.node, 'axis', -1);
    if (axis !== -1 && axis !== rank - 1) throw unsupported(call, 'the last axis', `axis ${axis}`);
    const x = input.layout[rank - 1] === rank - 1 ? input : arranged(call, input, [...Array(rank).keys()]);
    const hasShift = (call.node.input[2] ?? '') !== '';
    const weights = {
      gamma: weightInput(call, 1, 'scale'),
      ...(hasShift ? { beta: weightInput(call, 2, 'bias') } : {}),
    };
    const config = { axis: -1, epsilon: getFloat(call.node, 'epsilon', 1e-5), center: hasShift };
    return { ...x, layer: call.writer.add('LayerNormalization', [x.layer], { config, weights }) };
  },
};
