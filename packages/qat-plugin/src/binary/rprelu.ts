import { add, prelu, type serialization, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';

/**
 * RPReLU of ReActNet: a PReLU whose knee can move, per channel.
 *
 *   y = x − γ + ζ where x > γ,  β(x − γ) + ζ elsewhere;   γ = ζ = 0, β = 0.25 at the start
 *   g_x = g·{1, β};  g_γ = −Σ g·{1, β};  g_ζ = Σ g;  g_β = Σ_{x ≤ γ} g·(x − γ)
 *
 * @see Liu et al. 2020, arXiv:2003.03488 eq. 2
 */
export class RPReLU extends layers.Layer {
  static className: string = 'BitwrightRPReLU';
  private shift: LayerVariable | undefined;
  private slope: LayerVariable | undefined;
  private offset: LayerVariable | undefined;

  override build(inputShape: Shape | Shape[]): void {
    const channels = (inputShape as Shape).at(-1) as number;
    const parameter = (name: string, value: number): LayerVariable => {
      const constant = initializers.constant({ value });
      return this.addWeight(name, [channels], 'float32', constant, undefined, true, undefined, () => constant);
    };
    this.shift = parameter('shift', 0);
    this.slope = parameter('slope', 0.25);
    this.offset = parameter('offset', 0);
    super.build(inputShape);
  }

  override call(inputs: Tensor | Tensor[], _kwargs: serialization.ConfigDict): Tensor {
    return tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor;
      const moved = sub(x, (this.shift as LayerVariable).read());
      return add(prelu(moved, (this.slope as LayerVariable).read()), (this.offset as LayerVariable).read());
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return inputShape;
  }
}

/** A layer of {@link RPReLU}. */
export function rPReLU(config: { name?: string } = {}): RPReLU {
  return new RPReLU(config);
}
