import { irNetType } from '../binary/ir-net';
import { rSignType } from '../binary/react-sign';
import { balancedSignType, magnitudeAwareSignType, xnorType } from '../binary/scaled-sign-quantizers';
import { approxSignType, steSignType, swishSignType } from '../binary/sign-quantizers';
import { steTernType, ternaryWeightsType } from '../binary/ternary-quantizers';
import { apotType } from './apot';
import { dorefaType } from './dorefa';
import { dsqType } from './dsq';
import { logarithmicType } from './logarithmic';
import { lsqType } from './lsq';
import { lsqPlusType } from './lsq-plus';
import { pactType } from './pact';
import { progressiveType } from './progressive';
import { qilType } from './qil';
import type { QuantizerType } from './quantizer';
import { qdropType, quantNoiseType } from './randomly';
import { steType } from './ste';
import { tqtType } from './tqt';

/** All quantizer types of this package. */
export const builtInQuantizers: readonly QuantizerType[] = /* @__PURE__ */ Object.freeze([
  steType,
  dorefaType,
  pactType,
  lsqType,
  lsqPlusType,
  dsqType,
  qilType,
  apotType,
  tqtType,
  logarithmicType,
  progressiveType,
  quantNoiseType,
  qdropType,
  steSignType,
  approxSignType,
  swishSignType,
  xnorType,
  magnitudeAwareSignType,
  balancedSignType,
  irNetType,
  rSignType,
  steTernType,
  ternaryWeightsType,
] as unknown as QuantizerType[]);
