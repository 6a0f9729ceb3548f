import { describe, it } from 'vitest';
import { fixedHistogramObserver } from '../observer/fixed-histogram';
import { gramObserver } from '../observer/gram';
import { histogramObserver } from '../observer/histogram';
import { meanObserver } from '../observer/mean';
import { minMaxObserver } from '../observer/min-max';
import { momentsObserver } from '../observer/moments';
import { movingAverageObserver } from '../observer/moving-average';
import { tailsObserver } from '../observer/tails';
import { topTwoObserver } from '../observer/top-two';
import { withObserverOptions } from '../observer/with-observer-options';
import { aciq } from '../range-selection/aciq';
import { cosine } from '../range-selection/cosine';
import { entropy } from '../range-selection/entropy';
import { fullRange } from '../range-selection/full-range';
import { lsqStep } from '../range-selection/lsq-step';
import { meanSquaredError } from '../range-selection/mean-squared-error';
import { orderPreserving } from '../range-selection/order-preserving';
import { exactPercentile, percentile } from '../range-selection/percentile';
import { standardDeviation } from '../range-selection/standard-deviation';
import { referenceBackend } from '../reference-backend';
import { describeKernelBackend } from './describe-kernel-backend';
import { describeObserver } from './describe-observer';
import { describeRangeSelector } from './describe-range-selector';

const api = { describe, it };
const channels = (rows: number): number[] => [rows, 3, 2];
const perChannel = { create: { axis: 1 }, shape: channels };
const lastAxis = { create: { axis: 2 }, shape: channels };

describeObserver(api, minMaxObserver);
describeObserver(api, minMaxObserver, { name: 'minMax per channel', ...perChannel });
describeObserver(api, minMaxObserver, { name: 'minMax by backend', create: { backend: referenceBackend } });
describeObserver(api, movingAverageObserver);
describeObserver(api, movingAverageObserver, { name: 'movingAverage per channel', ...perChannel });
describeObserver(api, histogramObserver, { create: { bins: 256 } });
describeObserver(api, histogramObserver, {
  name: 'histogram per channel',
  create: { axis: 1, bins: 64 },
  shape: channels,
});
describeObserver(api, histogramObserver, {
  name: 'histogram by backend',
  create: { bins: 256, backend: referenceBackend },
});
describeObserver(api, momentsObserver);
describeObserver(api, momentsObserver, { name: 'moments per channel', ...lastAxis });
describeObserver(api, meanObserver);
describeObserver(api, meanObserver, { name: 'mean per channel', ...perChannel });
describeObserver(api, tailsObserver, { create: { size: 50 } });
describeObserver(api, tailsObserver, { name: 'tails per channel', create: { axis: 1, size: 7 }, shape: channels });
describeObserver(api, topTwoObserver, { create: { size: 20 }, shape: (rows) => [rows, 4] });

const limited = ['normal', 'relu', 'positive', 'negative', 'ties', 'constant', 'zero'];
describeObserver(api, fixedHistogramObserver, {
  create: { bins: 100, min: -310, max: 310 },
  distributions: limited,
});
describeObserver(api, gramObserver, {
  create: { absmax: 310 },
  distributions: limited,
  shape: (rows) => [rows, 5],
});

const noAxis = { test: 'per_channel', reason: 'its observer has no axis' };
describeRangeSelector(api, fullRange);
describeRangeSelector(api, percentile(99.9));
describeRangeSelector(api, percentile(99, { tails: 'each', position: 'lowerEdge' }));
describeRangeSelector(api, exactPercentile(99));
describeRangeSelector(api, standardDeviation(3));
describeRangeSelector(api, entropy());
describeRangeSelector(api, entropy({ variant: 'ppq', bins: 1024, levels: 64 }), {
  skip: [{ test: 'within_observed', reason: 'clamped to the extremes, but PPQ may cut the zero side too' }],
});
describeRangeSelector(api, entropy({ variant: 'onnxruntime', bins: 256, levels: 64 }));
describeRangeSelector(api, meanSquaredError());
describeRangeSelector(api, meanSquaredError({ p: 2.4 }));
describeRangeSelector(api, aciq());
describeRangeSelector(api, aciq({ distribution: 'gauss' }));
describeRangeSelector(api, cosine({ to: 1 }));
describeRangeSelector(api, lsqStep, {
  skip: [{ test: 'within_observed', reason: 'the step counts, which may need a wider range' }],
});
describeRangeSelector(api, orderPreserving, { shape: (values) => [values / 10, 10], skip: [noAxis] });

describeRangeSelector(api, {
  ...percentile(99.99),
  observer: withObserverOptions(histogramObserver, { bins: 512 }),
});

describeKernelBackend(api, referenceBackend);
