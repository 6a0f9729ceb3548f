import { findTarget } from '@bitwright/core';
import { describe, it } from 'vitest';
import { exporters } from '../../src/exporters';
import { describeExporter } from '../../src/testing';
import { sampleSpec } from './sample-spec';

/** Targets whose specs the formats without one of their own take. */
const targetOf: Readonly<Record<string, string>> = { 'nnie-gfpq': 'tensorrt-10', 'ascend-record': 'ascend' };

for (const exporter of exporters) {
  const target = findTarget(targetOf[exporter.id] ?? exporter.targets[0] ?? 'ort-x64');
  describeExporter({ describe, it }, exporter, sampleSpec(target));
}
