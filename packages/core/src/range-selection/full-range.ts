import { minMaxObserver } from '../observer/min-max';
import type { RangeStats } from '../observer/observer';
import type { RangeSelector } from './range-selector';

/** The range as observed: nothing of the calibration data is clipped. */
export const fullRange: RangeSelector<RangeStats> = /* @__PURE__ */ Object.freeze({
  id: 'fullRange',
  observer: minMaxObserver,
  selectRange: (stats: RangeStats) => stats.range,
});
