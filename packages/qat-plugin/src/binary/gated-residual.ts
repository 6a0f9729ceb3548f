import { add, mul, type serialization, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';

/**
 * The shortcut of balanced binary networks: y = f(x) + v⊙x with a gate v per channel, learned, 1 at the start.
 *
 * Inputs [f(x), x] of one shape;   g_v = Σ g·x
 *
 * @see Shen et al. 2020, arXiv:1909.12117 §3.2
 */
export class GatedResidual extends layers.Layer {
  static className: string = 'BitwrightGatedResidual';
  private gate: LayerVariable | undefined;

  override build(inputShape: Shape | Shape[]): void {
    const [first] = inputShape as Shape[];
    const one = initializers.ones();
    this.gate = this.addWeight(
      'gate',
      [first?.at(-1) as number],
      'float32',
      one,
      undefined,
      true,
      undefined,
      () => one,
    );
    super.build(inputShape);
  }

  override call(inputs: Tensor | Tensor[], _kwargs: serialization.ConfigDict): Tensor {
    return tidy(() => {
      const [residual, x] = inputs as [Tensor, Tensor];
      return add(residual, mul(x, (this.gate as LayerVariable).read()));
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return (inputShape as Shape[])[0] as Shape;
  }
}

/** A layer of {@link GatedResidual}. */
export function gatedResidual(config: { name?: string } = {}): GatedResidual {
  return new GatedResidual(config);
}
