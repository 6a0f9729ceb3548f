import { InvalidArgumentError } from '@bitwright/core';
import { irNet } from '../binary/ir-net';
import { rSign } from '../binary/react-sign';
import { balancedSign, magnitudeAwareSign, xnor } from '../binary/scaled-sign-quantizers';
import { approxSign, steSign, swishSign } from '../binary/sign-quantizers';
import { steTern, ternaryWeights } from '../binary/ternary-quantizers';
import { dorefa } from './dorefa';
import type { Quantizer } from './quantizer';

/** Names that stand for a quantizer with default options: ours, and Larq's for the same thing. */
const makers: Readonly<Record<string, () => Quantizer>> = {
  steSign: () => steSign(),
  approxSign: () => approxSign(),
  swishSign: () => swishSign(),
  magnitudeAwareSign: () => magnitudeAwareSign(),
  steTern: () => steTern(),
  ternaryWeights: () => ternaryWeights(),
  xnor: () => xnor(),
  balancedSign: () => balancedSign(),
  irNet: () => irNet(),
  rSign: () => rSign(),
  dorefaQuantizer: () => dorefa({ bits: 2, activationRange: 'unit', rescale: false }),
};

/**
 * A quantizer by its name, in Larq's spelling (`ste_sign`) or ours (`steSign`).
 *
 * @throws {InvalidArgumentError} listing the known names
 */
export function quantizerFromName(name: string): Quantizer {
  const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const maker = makers[camel === 'doReFa' || camel === 'dorefa' ? 'dorefaQuantizer' : camel];
  if (maker !== undefined) return maker();
  throw new InvalidArgumentError({
    operation: '[qat-plugin] quantizerFromName',
    expected: `one of ${Object.keys(makers).join(', ')}`,
    received: JSON.stringify(name),
    hint: 'Quantizers that need a number of bits are values: lsq({ bits: 4 }).',
  });
}
