import { RuntimeError } from '@bitwright/core';
import { encodeModel } from '@bitwright/onnx';
import type { Feeds } from '../feeds';
import type { Runtime, Session, SessionOptions } from '../session';
import type { Flow, Quantity } from './quantity';
import { realValues } from './real-values';
import { tapQuantities } from './tap-quantities';

/** The float values of quantities in one run. */
export interface TappedValues {
  values(quantity: Quantity): Float32Array;
  dims(quantity: Quantity): readonly number[];
}

/** A running model whose inner quantities can be read. */
export interface TappedSession {
  run(feeds: Feeds, quantities: readonly Quantity[]): Promise<TappedValues>;
  release(): Promise<void>;
}

/**
 * Loads a model with quantities tapped as outputs.
 *
 * @throws {RuntimeError} when the runtime refuses the model or a run
 */
export async function openTapped(
  runtime: Runtime,
  flow: Flow,
  quantities: readonly Quantity[],
  options: SessionOptions,
): Promise<TappedSession> {
  const { model, outputOf } = tapQuantities(flow, quantities);
  const session: Session = await runtime.createSession(encodeModel(model), options);
  return {
    async run(feeds, wanted) {
      const names = new Map(wanted.map((quantity) => [quantity, outputOf.get(quantity) ?? quantity.id]));
      const inner = [...new Set(names.values())].filter((name) => feeds[name] === undefined);
      const results = inner.length === 0 ? {} : await session.run(feeds, inner);
      const tensorOf = (quantity: Quantity) => {
        const name = names.get(quantity) ?? '';
        const tensor = feeds[name] ?? results[name];
        if (tensor === undefined) throw missing(quantity.id);
        return tensor;
      };
      return {
        values: (quantity) => realValues(tensorOf(quantity)),
        dims: (quantity) => tensorOf(quantity).dims,
      };
    },
    release: () => session.release(),
  };
}

// — internals —

function missing(name: string): RuntimeError {
  return new RuntimeError({
    operation: '[ptq] compareModels',
    expected: `tensor "${name}" among the outputs of the run`,
    received: 'a run without it',
  });
}
