import type { Comparison } from './comparison';
import { decibelText, percentText } from './diagnose-text';
import type { Finding } from './finding';
import { layerFindings } from './layer-findings';
import { speedFindings } from './speed-findings';

export interface DiagnoseOptions {
  /** Whether this processor has 8-bit dot products; undefined = not known. */
  readonly hasInt8Products?: boolean | undefined;
}

/**
 * How much noise an output may carry: with at most a tenth of the signal's power (10 dB) classes rarely change, where every
 * value matters (super-resolution, regression) a thousandth (30 dB) is the usual bound.
 *
 * @see OpenPPL/ppq issue 416
 */
const clearlyWrong = 0.1;
const noticeable = 0.01;
const precise = 0.001;

/** In the order of the list. */
const severities: readonly Finding['severity'][] = ['problem', 'good', 'advice'];

/** Puts the figures of a comparison into words: what is wrong, where, and what to do next; most important first. */
export function diagnose(comparison: Omit<Comparison, 'findings'>, options: DiagnoseOptions = {}): readonly Finding[] {
  const findings = [
    ...outputFindings(comparison),
    ...layerFindings(comparison.layers, options.hasInt8Products),
    ...speedFindings(comparison, options),
    ...matchingFindings(comparison),
  ];
  return findings.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

// — internals —

function outputFindings({ outputs, evaluation, layers }: Omit<Comparison, 'findings'>): Finding[] {
  const findings: Finding[] = [];
  const broken = [...outputs.map((output) => ({ name: output.output, count: output.nonFinite }))].filter(
    ({ count }) => count > 0,
  );
  for (const { name, count } of broken) {
    const first = layers.find((layer) => layer.cumulative.nonFinite > 0);
    findings.push({
      code: 'non-finite',
      severity: 'problem',
      message: `output "${name}" holds ${count} NaN or infinite values that float does not have${first === undefined ? '' : `; they appear first at ${first.name}`}`,
      advice: 'Leave that layer in float, or use a wider number format: half precision overflows above 65504.',
      layers: first === undefined ? [] : [first.name],
    });
  }
  const drop = evaluation === undefined ? 0 : evaluation.float.top1 - evaluation.quantized.top1;
  if (evaluation !== undefined && drop > 0.005) {
    findings.push({
      code: 'accuracy-drop',
      severity: 'problem',
      message: `top-1 accuracy falls by ${(100 * drop).toFixed(2)} points, from ${(100 * evaluation.float.top1).toFixed(2)} % to ${(100 * evaluation.quantized.top1).toFixed(2)} % (${evaluation.samples} samples)`,
      layers: [],
    });
  }
  const noisy = outputs.filter((output) => output.noiseShare > noticeable).sort((a, b) => b.noiseShare - a.noiseShare);
  for (const output of noisy) {
    const isKept = evaluation !== undefined && drop <= 0.005;
    findings.push({
      code: 'output-differs',
      severity: output.noiseShare > clearlyWrong && !isKept ? 'problem' : 'advice',
      message: `output "${output.output}" carries ${percentText(output.noiseShare)} noise (${decibelText(output.sqnrDb)})`,
      advice: isKept
        ? 'Accuracy holds all the same.'
        : `Up to ${percentText(clearlyWrong)} is usually harmless for classification, ${percentText(precise)} where every value matters; measure accuracy with labels to be sure.`,
      layers: [],
    });
  }
  if (findings.length === 0 && outputs.length > 0) {
    const worst = outputs.reduce((a, b) => (b.noiseShare > a.noiseShare ? b : a));
    findings.push({
      code: 'good',
      severity: 'good',
      message: `the outputs are close to float: ${percentText(worst.noiseShare)} noise (${decibelText(worst.sqnrDb)}) at "${worst.output}"`,
      layers: [],
    });
  }
  return findings;
}

function matchingFindings({ matching }: Omit<Comparison, 'findings'>): Finding[] {
  const { unmatched } = matching;
  if (unmatched.length === 0) return [];
  return [
    {
      code: 'not-matched',
      severity: 'advice',
      message: `${unmatched.length} layers with weights could not be compared, e.g. ${unmatched[0]?.node}: ${unmatched[0]?.reason}`,
      advice: 'Their errors are only seen at the layers behind them.',
      layers: unmatched.map(({ node }) => node),
    },
  ];
}
