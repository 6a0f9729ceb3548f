import { intAttribute } from '@bitwright/onnx';
import {
  flagOf,
  inputOf,
  type LayerCall,
  type LayerConverter,
  malformedLayer,
  textOf,
  unsupportedLayer,
} from '../layer-call';
import { isRecord } from '../layers-model';
import { plainLayout, type Value } from '../value';
import { reversedAxis } from './recurrent';
import { knownInnerSizes, reshapeTo } from './reshaping';

interface InnerLayer {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

function innerLayer(call: LayerCall, key = 'layer'): InnerLayer {
  const json = call.config[key];
  if (!isRecord(json) || typeof json['class_name'] !== 'string' || !isRecord(json['config'])) {
    throw malformedLayer(call, `a wrapped ${key}`, JSON.stringify(json) ?? 'none');
  }
  return { className: json['class_name'], config: json['config'] };
}

/** Bidirectional: a forward and a backward layer over the same input, merged. */
export const bidirectionalConverter: LayerConverter = {
  classNames: ['Bidirectional'],
  convert(call) {
    const { className, config } = innerLayer(call);
    if (flagOf({ ...call, config }, 'return_state', false) || call.inputs.length !== 1) {
      throw unsupportedLayer(call, 'a layer without states in or out', 'return_state or initial states');
    }
    const name = String(config['name'] ?? 'layer');
    const isBackward = Boolean(config['go_backwards'] ?? false);
    const run = (direction: 'forward' | 'backward'): Value => {
      const goesBackward = direction === 'backward' ? !isBackward : isBackward;
      const inner = call.inner(
        className,
        { ...config, go_backwards: goesBackward },
        call.inputs,
        `${direction}_${name}`,
      );
      const [output] = call.convert(inner);
      if (output === undefined) throw malformedLayer(call, 'an output of the wrapped layer', 'none');
      return output;
    };
    const forward = run('forward');
    const computed = run('backward');
    // Keras turns the backward sequence around, so that both tell of the same step.
    const backward = forward.shape.length === 3 ? { ...computed, name: reversedAxis(call, computed) } : computed;
    return merged(call, forward, backward);
  },
};

function merged(call: LayerCall, forward: Value, backward: Value): readonly Value[] {
  const { writer } = call;
  const mode = call.config['merge_mode'] === null ? 'none' : textOf(call, 'merge_mode', 'concat');
  const names = [forward.name, backward.name] as const;
  switch (mode) {
    case 'concat': {
      const units = forward.shape.at(-1) ?? null;
      const shape = [...forward.shape.slice(0, -1), units === null ? null : 2 * units];
      return [{ ...forward, shape, name: writer.one('Concat', names, [intAttribute('axis', shape.length - 1)]) }];
    }
    case 'sum':
      return [{ ...forward, name: writer.one('Add', names) }];
    case 'ave':
      return [{ ...forward, name: writer.one('Mul', [writer.one('Add', names), writer.scalar(0.5)]) }];
    case 'mul':
      return [{ ...forward, name: writer.one('Mul', names) }];
    case 'none':
      return [forward, backward];
    default:
      throw unsupportedLayer(call, 'merge mode concat, sum, ave, mul or null', `"${mode}"`);
  }
}

const perElement = new Set(['Dense', 'Activation', 'ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU', 'Dropout']);

/** TimeDistributed: the layer on every step. Steps join the batch, [N·T, …], and part again; layers that do not care see [N, T, …]. */
export const timeDistributedConverter: LayerConverter = {
  classNames: ['TimeDistributed'],
  convert(call) {
    const { writer } = call;
    const { className, config } = innerLayer(call);
    const input = inputOf(call);
    if (perElement.has(className)) return call.convert(call.inner(className, config, [input]));
    const x = writer.plain(input);
    const [steps = 1, ...sizes] = knownInnerSizes(call, x, 1);
    const joined = writer.value(reshapeTo(call, x.name, [-1, ...sizes]), [null, ...sizes], { type: x.type });
    return call.convert(call.inner(className, config, [joined])).map((output) => {
      const y = writer.plain(output);
      const inner = knownInnerSizes(call, y, 1);
      const shape = [x.shape[0] ?? null, steps, ...inner];
      const name = reshapeTo(call, y.name, [-1, steps, ...inner]);
      return writer.value(name, shape, { type: y.type, layout: plainLayout(shape.length) });
    });
  },
};
