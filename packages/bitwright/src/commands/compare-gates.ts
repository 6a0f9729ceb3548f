import type { Comparison } from '@bitwright/ptq';
import { UsageError } from '../errors';

/** A demand on the comparison, and whether it is met. */
export interface Gate {
  readonly gate: 'sqnr' | 'latency';
  /** The option that demands it. */
  readonly option: string;
  readonly demanded: number;
  /** Undefined when it could not be measured: then the gate fails. */
  readonly measured: number | undefined;
  readonly isPassed: boolean;
  /** Measured against demanded, in a sentence. */
  readonly message: string;
}

/** What the options demand. */
export interface Demands {
  readonly sqnrDb: number | undefined;
  readonly latencyRatio: number | undefined;
}

/**
 * Reads the gate options.
 *
 * @throws {UsageError} when one is no number, or the ratio is not positive, or needs a timing that is turned off
 */
export function readDemands(options: {
  readonly failUnderSqnr: string | undefined;
  readonly maxLatencyRatio: string | undefined;
  readonly latencyRuns: number | undefined;
}): Demands {
  const sqnrDb = readNumber('--fail-under-sqnr', 'a number of decibels, e.g. 30', options.failUnderSqnr);
  const latencyRatio = readNumber('--max-latency-ratio', 'a ratio above 0, e.g. 1', options.maxLatencyRatio);
  if (latencyRatio !== undefined && latencyRatio <= 0) {
    throw new UsageError({
      operation: '--max-latency-ratio',
      expected: 'a ratio above 0, e.g. 1',
      received: `${latencyRatio}`,
    });
  }
  if (latencyRatio !== undefined && options.latencyRuns === 0) {
    throw new UsageError({ operation: '--max-latency-ratio', expected: 'timed runs', received: '--latency-runs 0' });
  }
  return { sqnrDb, latencyRatio };
}

/** Holds a comparison against the demands. */
export function checkGates({ outputs, latency }: Comparison, { sqnrDb, latencyRatio }: Demands): readonly Gate[] {
  const gates: Gate[] = [];
  if (sqnrDb !== undefined) {
    const broken = outputs.find((output) => output.nonFinite > 0);
    const worst = broken ?? outputs.reduce<(typeof outputs)[number] | undefined>(lower, undefined);
    const isPassed = worst !== undefined && broken === undefined && worst.sqnrDb >= sqnrDb;
    const measured =
      worst === undefined
        ? 'no output could be compared'
        : broken !== undefined
          ? `output "${broken.output}" has ${broken.nonFinite} NaN or infinite values`
          : `output "${worst.output}" has an SQNR of ${formatDecibels(worst.sqnrDb)}`;
    gates.push({
      gate: 'sqnr',
      option: '--fail-under-sqnr',
      demanded: sqnrDb,
      measured: worst?.sqnrDb,
      isPassed,
      message: `${measured}, demanded are at least ${sqnrDb} dB`,
    });
  }
  if (latencyRatio !== undefined) {
    const ratio = latency === undefined ? undefined : 1 / latency.ratio;
    const times =
      latency === undefined || ratio === undefined
        ? 'the models could not be timed'
        : `the quantized model takes ${ratio.toFixed(3)} times as long as float (${latency.quantizedMs.toFixed(3)} ms against ${latency.floatMs.toFixed(3)} ms)`;
    gates.push({
      gate: 'latency',
      option: '--max-latency-ratio',
      demanded: latencyRatio,
      measured: ratio,
      isPassed: ratio !== undefined && ratio <= latencyRatio,
      message: `${times}, demanded is at most ${latencyRatio}`,
    });
  }
  return gates;
}

// — internals —

type Output = Comparison['outputs'][number];

function lower(worst: Output | undefined, output: Output): Output {
  return worst === undefined || output.sqnrDb < worst.sqnrDb ? output : worst;
}

function formatDecibels(sqnrDb: number): string {
  return sqnrDb === Number.POSITIVE_INFINITY ? 'infinity (no error)' : `${sqnrDb.toFixed(2)} dB`;
}

function readNumber(operation: string, expected: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new UsageError({ operation, expected, received: `'${text}'` });
}
