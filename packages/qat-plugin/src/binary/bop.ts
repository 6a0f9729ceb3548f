import { InvalidArgumentError } from '@bitwright/core';
import {
  abs,
  add,
  engine,
  greater,
  greaterEqual,
  logicalAnd,
  mul,
  type NamedTensorMap,
  neg,
  Optimizer,
  type serialization,
  type Tensor,
  tidy,
  type Variable,
  variable,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';

export interface BopOptions {
  /** Which variables hold binary weights; the others go to `fallback`. Default: names that end with `/kernel`. */
  readonly isBinary?: (name: string) => boolean;
  /** A weight flips when the smoothed gradient exceeds this and pushes it on. Default 1e-8. */
  readonly threshold?: number;
  /** Share of the newest gradient in the smoothed one. Default 1e-4. */
  readonly gamma?: number;
}

/**
 * Binary optimizer: binary weights have no latent floats, they flip when a smoothed gradient says so long enough.
 *
 *   m ← (1 − γ)·m + γ·g;   w ← −w where |m| ≥ τ and sign(m) = sign(w), else w
 *
 * Variables that are not binary are handed to another optimizer. Starts from the signs of the weights.
 *
 * @see Helwegen et al. 2019, "Latent Weights Do Not Exist", arXiv:1906.02107 algorithm 1
 */
export class Bop extends Optimizer {
  static get className(): string {
    return 'BitwrightBop';
  }
  private readonly moments: Map<string, Variable> = new Map();
  private readonly fallback: Optimizer;
  private readonly settings: Required<BopOptions>;

  constructor(fallback: Optimizer, options: BopOptions = {}) {
    super();
    const { isBinary = (name) => /\/kernel(_\d+)?$/.test(name), threshold = 1e-8, gamma = 1e-4 } = options;
    if (!(threshold >= 0) || !(gamma > 0 && gamma <= 1)) {
      throw new InvalidArgumentError({
        operation: '[qat-plugin] Bop',
        expected: 'a threshold ≥ 0 and a gamma within (0, 1]',
        received: `threshold ${threshold}, gamma ${gamma}`,
      });
    }
    this.fallback = fallback;
    this.settings = { isBinary, threshold, gamma };
  }

  override applyGradients(gradients: NamedTensorMap | { name: string; tensor: Tensor }[]): void {
    const entries = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(gradients);
    const others: { name: string; tensor: Tensor }[] = [];
    for (const [name, gradient] of entries) {
      if (gradient === null || gradient === undefined) continue;
      const variable = engine().registeredVariables[name] as Variable | undefined;
      if (variable === undefined || !this.settings.isBinary(name)) others.push({ name, tensor: gradient });
      else this.flip(variable, gradient);
    }
    if (others.length > 0) this.fallback.applyGradients(others);
    this.incrementIterations();
  }

  override dispose(): void {
    super.dispose();
    for (const moment of this.moments.values()) moment.dispose();
    this.moments.clear();
    this.fallback.dispose();
  }

  override getConfig(): serialization.ConfigDict {
    const { threshold, gamma } = this.settings;
    return { threshold, gamma };
  }

  private flip(weight: Variable, gradient: Tensor): void {
    const { gamma, threshold } = this.settings;
    tidy(() => {
      let moment = this.moments.get(weight.name);
      if (moment === undefined) {
        moment = variable(zerosLike(weight), false);
        this.moments.set(weight.name, moment);
      }
      moment.assign(add(mul(moment, 1 - gamma), mul(gradient, gamma)));
      const agrees = greater(mul(moment, weight), 0);
      const isLarge = greaterEqual(abs(moment), threshold);
      weight.assign(where(logicalAnd(agrees, isLarge), neg(weight), weight));
    });
  }
}
