import { elementCount } from '@bitwright/core';
import { floatAttribute, intAttribute, intsAttribute } from '@bitwright/onnx';
import {
  flagOf,
  inputOf,
  knownSize,
  type LayerCall,
  type LayerConverter,
  numberOf,
  unsupportedLayer,
  weightOf,
} from '../layer-call';
import { plainLayout, type Value } from '../value';

/**
 * BatchNormalization with its trained statistics: y = gamma · (x − mean)/√(variance + epsilon) + beta per channel.
 *
 * An operator of its own where the channels stand behind the batch (runtimes fold it into the convolution in front), else a
 * multiplication and an addition.
 */
export const batchNormalizationConverter: LayerConverter = {
  classNames: ['BatchNormalization'],
  convert(call) {
    const input = inputOf(call);
    const rank = input.shape.length;
    const configured = Array.isArray(call.config['axis']) ? call.config['axis'][0] : numberOf(call, 'axis', -1);
    const axis = Number(configured) < 0 ? Number(configured) + rank : Number(configured);
    const channels = knownSize(call, input.shape[axis], 'number of channels');
    const statistics = statisticsOf(call, channels);
    const x = input.featureOrder === undefined ? input : call.writer.plain(input);
    if (x.layout[1] === axis) return [{ ...x, name: normalizeSecondAxis(call, x, channels, statistics) }];
    return [{ ...x, name: scaleAndShift(call, x, axis, channels, statistics) }];
  },
};

interface Statistics {
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
}

function statisticsOf(call: LayerCall, channels: number): Statistics {
  const ones = new Float32Array(channels).fill(1);
  return {
    gamma: flagOf(call, 'scale', true) ? weightOf(call, 'gamma', [channels]).data : ones,
    beta: flagOf(call, 'center', true) ? weightOf(call, 'beta', [channels]).data : new Float32Array(channels),
    mean: weightOf(call, 'moving_mean', [channels]).data,
    variance: weightOf(call, 'moving_variance', [channels]).data,
    epsilon: numberOf(call, 'epsilon', 1e-3),
  };
}

function normalizeSecondAxis(call: LayerCall, x: Value, channels: number, statistics: Statistics): string {
  const constant = (name: keyof Omit<Statistics, 'epsilon'>): string =>
    call.writer.constant(`${call.name}/${name}`, [channels], () => statistics[name]);
  const inputs = [x.name, constant('gamma'), constant('beta'), constant('mean'), constant('variance')];
  return call.writer.one('BatchNormalization', inputs, [floatAttribute('epsilon', statistics.epsilon)]);
}

function scaleAndShift(call: LayerCall, x: Value, axis: number, channels: number, s: Statistics): string {
  const dims = x.layout.slice(x.layout.indexOf(axis)).map((a) => (a === axis ? channels : 1));
  const factor = (c: number): number => (s.gamma[c] ?? 1) / Math.sqrt((s.variance[c] ?? 1) + s.epsilon);
  const scale = call.writer.constant(
    `${call.name}/scale`,
    dims,
    () => Float32Array.from(s.gamma, (_, c) => factor(c)),
    dims.join(),
  );
  const shift = call.writer.constant(
    `${call.name}/shift`,
    dims,
    () => Float32Array.from(s.beta, (beta, c) => beta - (s.mean[c] ?? 0) * factor(c)),
    dims.join(),
  );
  return call.writer.one('Add', [call.writer.one('Mul', [x.name, scale]), shift]);
}

/** LayerNormalization over the last axes; one operator from operator set 17 on, its arithmetic before. */
export const layerNormalizationConverter: LayerConverter = {
  classNames: ['LayerNormalization'],
  convert(call) {
    const x = call.writer.plain(inputOf(call));
    const rank = x.shape.length;
    const configured = call.config['axis'] ?? -1;
    const axes = (Array.isArray(configured) ? configured : [configured]).map((a) =>
      Number(a) < 0 ? Number(a) + rank : Number(a),
    );
    const expected = plainLayout(rank).slice(rank - axes.length);
    if (axes.length === 0 || axes.some((axis, i) => axis !== expected[i])) {
      throw unsupportedLayer(call, 'the last axes, in order', `axes [${axes}] of ${rank}`, 'Permute the input first.');
    }
    const sizes = axes.map((axis) => knownSize(call, x.shape[axis], 'size of the normalized axes'));
    const count = elementCount(sizes);
    const parameter = (name: 'gamma' | 'beta', isUsed: boolean, fallback: number): string => {
      const weight = isUsed ? weightOf(call, name, sizes) : undefined;
      return call.writer.constant(
        `${call.name}/${name}`,
        sizes,
        () => weight?.data ?? new Float32Array(count).fill(fallback),
      );
    };
    const gamma = parameter('gamma', flagOf(call, 'scale', true), 1);
    const beta = parameter('beta', flagOf(call, 'center', true), 0);
    const epsilon = numberOf(call, 'epsilon', 1e-3);
    const name =
      call.writer.opset >= 17
        ? call.writer.one(
            'LayerNormalization',
            [x.name, gamma, beta],
            [intAttribute('axis', rank - axes.length), floatAttribute('epsilon', epsilon)],
          )
        : normalizeByArithmetic(call, x, axes, gamma, beta, epsilon);
    return [{ ...x, name }];
  },
};

function normalizeByArithmetic(
  call: LayerCall,
  x: Value,
  axes: number[],
  gamma: string,
  beta: string,
  epsilon: number,
): string {
  const { writer } = call;
  const mean = (of: string): string => writer.one('ReduceMean', [of], [intsAttribute('axes', axes)]);
  const centred = writer.one('Sub', [x.name, mean(x.name)]);
  const variance = mean(writer.one('Mul', [centred, centred]));
  const deviation = writer.one('Sqrt', [writer.one('Add', [variance, writer.scalar(epsilon)])]);
  return writer.one('Add', [writer.one('Mul', [writer.one('Div', [centred, deviation]), gamma]), beta]);
}
