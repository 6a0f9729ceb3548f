import { adamF32, momentumF32, sgdF32 } from '@bitwright/kernels-native';
import {
  AdamOptimizer,
  engine,
  getBackend,
  MomentumOptimizer,
  mul,
  type Optimizer,
  SGDOptimizer,
  type Tensor,
  tidy,
  type Variable,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { backendName } from '../backend-name';
import type { BitwrightBackend } from '../bitwright-backend';
import { writableValues } from './writable-values';

/**
 * The only file that knows how tfjs' optimizers work inside.
 *
 * tfjs composes an update of one variable from 3 (sgd) to 14 (adam) element-wise kernels. While this backend is active, sgd,
 * momentum and adam run one native pass per variable instead, in place; state, names and weights of the optimizers stay theirs,
 * so saving and loading work as before.
 */
type Gradients = Parameters<Optimizer['applyGradients']>[0];

interface Slot {
  originalName: string;
  variable: Variable;
}

interface Sgd {
  readonly learningRate: number;
  incrementIterations(): void;
}
interface Momentum extends Sgd {
  /** The momentum as a tensor: what tfjs multiplies by. */
  readonly m: Tensor;
  readonly useNesterov: boolean;
  readonly accumulations: Slot[];
}
interface Adam extends Sgd {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly accBeta1: Variable;
  readonly accBeta2: Variable;
  readonly accumulatedFirstMoment: Slot[];
  readonly accumulatedSecondMoment: Slot[];
}

/** Lets tf.train.sgd, tf.train.momentum and tf.train.adam update with native kernels. */
export function accelerateOptimizers(): void {
  replaceUpdate<Sgd>(SGDOptimizer, (optimizer, backend, updates) => {
    for (const { gradient, value } of updates) {
      if (gradient === undefined) continue;
      sgdF32(backend.native, { learningRate: optimizer.learningRate }, gradient, writableValues(backend, value));
    }
  });
  replaceUpdate<Momentum>(MomentumOptimizer, (optimizer, backend, updates) => {
    const momentum = backend.values(optimizer.m)[0] ?? 0;
    const { learningRate, useNesterov } = optimizer;
    for (const { index, name, gradient, value } of updates) {
      const accumulation = slot(optimizer.accumulations, index, `${name}/momentum`, value);
      if (gradient === undefined) continue;
      const variable = writableValues(backend, value);
      const state = writableValues(backend, accumulation);
      momentumF32(backend.native, { learningRate, momentum, useNesterov }, gradient, state, variable);
    }
  });
  replaceUpdate<Adam>(AdamOptimizer, (optimizer, backend, updates) => {
    const { learningRate, beta1, beta2, epsilon } = optimizer;
    const accumulatedBeta1 = backend.values(optimizer.accBeta1)[0] ?? 0;
    const accumulatedBeta2 = backend.values(optimizer.accBeta2)[0] ?? 0;
    const rule = { learningRate, beta1, beta2, epsilon, accumulatedBeta1, accumulatedBeta2 };
    for (const { index, name, gradient, value } of updates) {
      const firstMoment = slot(optimizer.accumulatedFirstMoment, index, `${name}/m`, value);
      const secondMoment = slot(optimizer.accumulatedSecondMoment, index, `${name}/v`, value);
      if (gradient === undefined) continue;
      const first = writableValues(backend, firstMoment);
      const second = writableValues(backend, secondMoment);
      adamF32(backend.native, rule, gradient, first, second, writableValues(backend, value));
    }
    tidy(() => {
      optimizer.accBeta1.assign(mul(optimizer.accBeta1, beta1));
      optimizer.accBeta2.assign(mul(optimizer.accBeta2, beta2));
    });
  });
}

// — internals —

/** One variable to update. */
interface Update {
  readonly index: number;
  readonly name: string;
  /** Absent where the loss does not depend on the variable. */
  readonly gradient: Float32Array | undefined;
  readonly value: Variable;
}

/** Marks what this file has replaced, also from another copy of the package. */
const accelerated = Symbol.for('bitwright.tfjs-backend.applyGradients');

function replaceUpdate<State extends Sgd>(
  optimizerClass: { readonly prototype: Optimizer },
  update: (optimizer: State, backend: BitwrightBackend, updates: readonly Update[]) => void,
): void {
  const { prototype } = optimizerClass;
  const original = prototype.applyGradients;
  if (accelerated in original) return;
  const applyGradients = function (this: Optimizer, gradients: Gradients): void {
    const updates = getBackend() === backendName ? updatesOf(gradients) : undefined;
    if (updates === undefined) {
      original.call(this, gradients);
      return;
    }
    const optimizer = this as unknown as State;
    update(optimizer, engine().backend as BitwrightBackend, updates);
    optimizer.incrementIterations();
  };
  prototype.applyGradients = Object.assign(applyGradients, { [accelerated]: true });
}

/** The variables in the order that decides which state belongs to which; undefined when one of them is not float32. */
function updatesOf(gradients: Gradients): Update[] | undefined {
  const backend = engine().backend as BitwrightBackend;
  const named = Array.isArray(gradients)
    ? gradients.map(({ name, tensor }): [string, Tensor | null] => [name, tensor])
    : Object.entries<Tensor | null>(gradients);
  const updates: Update[] = [];
  for (const [index, [name, tensor]] of named.entries()) {
    const value = engine().registeredVariables[name];
    const isCovered = value?.dtype === 'float32' && value.size > 0 && (tensor == null || tensor.dtype === 'float32');
    if (!isCovered) return undefined;
    updates.push({ index, name, gradient: tensor == null ? undefined : backend.values(tensor), value });
  }
  return updates;
}

/** An optimizer's state for one variable, made on first use as tfjs makes it. */
function slot(slots: Slot[], index: number, originalName: string, like: Variable): Variable {
  const existing = slots[index];
  if (existing != null) return existing.variable;
  const variable = tidy(() => zerosLike(like).variable(false));
  slots[index] = { originalName, variable };
  return variable;
}
