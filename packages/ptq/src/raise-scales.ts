import { type Target, type TensorQuantization, zeroPointFor } from '@bitwright/core';

/** How the note of a raised scale begins. */
const raised = 'scale raised to the smallest that the target carries';

/**
 * The quantization with scales below the smallest that the target's format carries raised to it, and a note. They come from
 * channels and tensors that are all but zero: those then round to code 0. The same object where nothing is too small.
 *
 * Formula: s' = max(s, smallest), smallest ≥ the bound and a float32; an asymmetric zero point follows, so that 0 stays exact.
 */
export function raiseScales(tensor: TensorQuantization, target: Target): TensorQuantization {
  const { role, scheme, qparams, origin } = tensor;
  const smallest = smallestScale(tensor, target);
  const low = [...qparams.scale.keys()].filter((g) => (qparams.scale[g] as number) < smallest);
  if (low.length === 0) return tensor;
  const scale = qparams.scale.slice();
  const zeroPoint = qparams.zeroPoint.slice();
  for (const g of low) {
    const min = (qparams.scale[g] as number) * (scheme.qmin - (qparams.zeroPoint[g] as number));
    scale[g] = smallest;
    zeroPoint[g] = zeroPointFor(min, smallest, scheme);
  }
  const where = scale.length === 1 ? '' : `, in channels ${low.join(', ')}`;
  const note = joinNotes(origin.note, `${raised} (${smallest.toPrecision(3)})${where}`);
  return Object.freeze({ role, scheme, qparams: { scale, zeroPoint }, origin: { ...origin, note } });
}

/** One note after another. */
export function joinNotes(first: string | undefined, second: string): string {
  return first === undefined ? second : `${first}; ${second}`;
}

/** Whether {@link raiseScales} changed it. */
export function isRaised({ origin }: TensorQuantization): boolean {
  return origin.note?.includes(raised) ?? false;
}

/** The bound of the target's rule for the scale of a tensor, rounded up to float32 (a power of two where scales must be); 0 without one. */
export function smallestScale(
  { role, scheme }: Pick<TensorQuantization, 'role' | 'scheme'>,
  { constraints }: Target,
): number {
  if (role === 'bias') return 0;
  const rule = constraints[role].find((each) => each.kind === 'linear' && each.dtypes.includes(scheme.dtype.name));
  const bound = rule?.kind === 'linear' ? (rule.scale?.min ?? 0) : 0;
  if (scheme.scaleForm === 'powerOfTwo' && bound > 0) return 2 ** Math.ceil(Math.log2(bound));
  const rounded = Math.fround(bound);
  return rounded >= bound ? rounded : Math.fround(bound * (1 + 2 ** -23));
}
