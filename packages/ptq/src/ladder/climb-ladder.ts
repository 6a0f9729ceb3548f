import { InputDataError, InvalidArgumentError, QuantError } from '@bitwright/core';
import { encodeModel, type Model } from '@bitwright/onnx';
import type { CalibrationState } from '../calibration-state';
import { type LatencyComparison, predictClasses } from '../evaluate';
import { timeBoth } from '../measure-quantized';
import { throwIfAborted } from '../progress';
import { type QuantizeResult, quantizeModel } from '../quantize-model';
import { type QuantizeOptions, resolveQuantizeOptions } from '../quantize-options';
import { loadRuntime } from '../session';
import { findWarnings } from '../warnings';
import { bestRung, type LadderState, type RungChanges, type RungResult } from './ladder-state';
import { ladderRungs } from './rungs';

export interface LadderOptions {
  /** Largest accepted loss of top-1 accuracy, 0…1. */
  readonly maxDrop: number;
  /** Milliseconds after which no technique is tried any more; one in progress is cut off. Default: no limit. */
  readonly budgetMs?: number | undefined;
  /** State of an earlier climb with the same model and options. */
  readonly resume?: LadderState | undefined;
  /** Called with every better result as soon as there is one: the place to save it. */
  readonly onBest?: ((result: QuantizeResult, state: LadderState) => Promise<void>) | undefined;
  /** Called after every rung, kept or not. */
  readonly onRung?: ((rung: RungResult, state: LadderState) => Promise<void>) | undefined;
}

export interface LadderResult {
  /** The most accurate of all rungs. */
  readonly best: QuantizeResult;
  readonly state: LadderState;
  /** Whether the best loses no more than was allowed. */
  readonly isReached: boolean;
  /** What to do now, in a sentence. */
  readonly advice: string;
}

const operation = '[ptq] accuracy ladder';

/**
 * Quantizes again and again, each time with one technique more, from cheap to dear, until the exported file loses no more accuracy
 * than allowed: as asked for → cross-layer equalization → bias correction → ranges by measured error → the worst layers in float →
 * adaptive rounding. A technique that does not win accuracy is not kept.
 *
 * @throws {InvalidArgumentError} for a drop or a budget that makes no sense, or the state of another climb
 * @throws {InputDataError} without labelled samples
 */
export async function climbLadder(
  model: Model,
  options: QuantizeOptions,
  ladder: LadderOptions,
): Promise<LadderResult> {
  const { evaluation } = options;
  assertLadder(ladder);
  const settings = resolveQuantizeOptions(options, model);
  const samples = settings.evaluationSource;
  if (evaluation === undefined || samples === undefined) {
    throw new InputDataError({
      operation,
      expected: 'labelled samples, to measure what accuracy is lost',
      received: 'none',
      hint: 'Give labels (and, if need be, evaluation data).',
    });
  }
  const deadline = ladder.budgetMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + ladder.budgetMs;
  const runtime = options.runtime ?? (await loadRuntime());
  const floatBytes = encodeModel(model);
  const key = await climbKey(floatBytes, options);
  if (ladder.resume !== undefined && ladder.resume.key !== key) {
    throw new InvalidArgumentError({
      operation,
      expected: `the state of a climb with this model, these options and labels (key ${key.slice(0, 12)}…)`,
      received: `one with key ${ladder.resume.key.slice(0, 12)}…`,
      hint: 'Start over without --resume, or give the options of the climb before.',
    });
  }
  const floatPredictions = await predictClasses(floatBytes, {
    runtime,
    source: samples,
    labels: evaluation.labels,
    batchSize: settings.batchSize,
    signal: options.signal,
    onProgress: options.onProgress,
  });
  const floatTop1 = shareCorrect(floatPredictions, evaluation.labels);
  const base: QuantizeOptions = {
    ...options,
    calibration: settings.source,
    runtime,
    evaluation: { samples, labels: evaluation.labels, floatPredictions },
    latencyRuns: 0,
  };
  const statistics = new Map<string, CalibrationState>();
  const quantize = async (changes: RungChanges, signal: AbortSignal | undefined): Promise<QuantizeResult> => {
    const plan = JSON.stringify([changes.equalize, changes.exclude, changes.activationRange]);
    const known = statistics.get(plan) ?? (Object.keys(changes).length === 0 ? options.statistics : undefined);
    const { statistics: _, ...rest } = base;
    const result = await quantizeModel(model, {
      ...rest,
      ...changes,
      ...(known === undefined ? {} : { statistics: known }),
      ...(signal === undefined ? {} : { signal }),
    });
    statistics.set(plan, result.statistics);
    return result;
  };

  let state: LadderState = ladder.resume ?? { version: 1, key, floatTop1, rungs: [] };
  let best: QuantizeResult | undefined;
  const isReached = (): boolean => floatTop1 - (bestRung(state)?.top1 ?? Number.NEGATIVE_INFINITY) <= ladder.maxDrop;
  const known = bestRung(state);
  if (known !== undefined) best = await quantize(known.changes, options.signal);
  for (const rung of ladderRungs(model, base, runtime)) {
    if (state.rungs.some(({ name }) => name === rung.name)) continue;
    if (isReached()) break;
    throwIfAborted(options.signal, 'search');
    if (performance.now() >= deadline) break;
    const started = performance.now();
    const kept = bestRung(state);
    const outcome = await tryRung(
      async (signal) => {
        const changes = await rung.changes(kept?.changes ?? {});
        return changes === undefined ? undefined : { changes, result: await quantize(changes, signal) };
      },
      deadline,
      options.signal,
    );
    if (outcome === undefined) continue;
    const seconds = (performance.now() - started) / 1000;
    const result = 'problem' in outcome ? undefined : outcome.result;
    const top1 = result?.report.evaluation?.quantized.top1;
    const isBetter = top1 !== undefined && top1 > (kept?.top1 ?? Number.NEGATIVE_INFINITY);
    const done: RungResult = {
      name: rung.name,
      changes: 'problem' in outcome ? {} : outcome.changes,
      top1,
      gain: top1 === undefined || kept?.top1 === undefined ? undefined : top1 - kept.top1,
      isKept: isBetter,
      seconds,
      ...('problem' in outcome ? { problem: outcome.problem } : {}),
    };
    state = Object.freeze({ ...state, rungs: [...state.rungs, done] });
    if (isBetter && result !== undefined) {
      best = result;
      await ladder.onBest?.(result, state);
    }
    await ladder.onRung?.(done, state);
  }
  if (best === undefined) {
    const problem = state.rungs[0]?.problem ?? 'the time was up before the first quantization was done';
    throw new InvalidArgumentError({
      operation,
      expected: 'a budget for one quantization at least',
      received: `${ladder.budgetMs} ms: ${problem}`,
      hint: 'Raise --budget, or use fewer samples.',
    });
  }
  const isDone = isReached();
  const runs = options.latencyRuns ?? 21;
  const latency =
    runs > 0 && performance.now() < deadline
      ? await timeBoth(floatBytes, encodeModel(best.model), runs, options, settings, runtime)
      : undefined;
  return {
    best: latency === undefined ? best : withLatency(best, latency),
    state,
    isReached: isDone,
    advice: adviceFor(state, ladder.maxDrop, isDone, performance.now() >= deadline),
  };
}

// — internals —

function assertLadder({ maxDrop, budgetMs }: LadderOptions): void {
  if (!(maxDrop >= 0 && maxDrop <= 1)) {
    throw new InvalidArgumentError({ operation, expected: 'maxDrop from 0 to 1', received: String(maxDrop) });
  }
  if (budgetMs !== undefined && !(budgetMs > 0)) {
    throw new InvalidArgumentError({ operation, expected: 'a budget of more than 0 ms', received: String(budgetMs) });
  }
}

/** Times are measured once, on the result: a rung does not need them. */
function withLatency(result: QuantizeResult, latency: LatencyComparison): QuantizeResult {
  const report = { ...result.report, latency };
  return { ...result, report: { ...report, warnings: findWarnings(report, result.spec) } };
}

type Outcome = { readonly changes: RungChanges; readonly result: QuantizeResult } | { readonly problem: string };

/** Runs a rung until the deadline. One that fails is reported and climbed over; only the caller's own cancellation stops the climb. */
async function tryRung(
  run: (signal: AbortSignal | undefined) => Promise<Outcome | undefined>,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<Outcome | undefined> {
  const timeout = deadline === Number.POSITIVE_INFINITY ? undefined : new AbortController();
  const timer = timeout && setTimeout(() => timeout.abort(), Math.max(0, deadline - performance.now()));
  const signals = [signal, timeout?.signal].filter((s) => s !== undefined);
  try {
    return await run(signals.length === 0 ? undefined : AbortSignal.any(signals));
  } catch (error) {
    if (signal?.aborted === true || !(QuantError.isInstance(error) || timeout?.signal.aborted === true)) throw error;
    return { problem: timeout?.signal.aborted === true ? 'cut off: the time was up' : (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
}

function adviceFor(state: LadderState, maxDrop: number, isReached: boolean, isTimeUp: boolean): string {
  const top1 = bestRung(state)?.top1 ?? 0;
  const drop = 100 * (state.floatTop1 - top1);
  const points = `${drop.toFixed(2)} points below float`;
  if (isReached) return `reached: ${points}, ${(100 * maxDrop).toFixed(2)} allowed`;
  if (isTimeUp) return `time is up at ${points}; go on with --resume, which keeps what was tried`;
  return `${points} is the best without training, ${(100 * maxDrop).toFixed(2)} was asked for: fine-tune with quantization (@bitwright/qat-plugin), or use more bits`;
}

function shareCorrect(predictions: Int32Array, labels: ArrayLike<number>): number {
  let correct = 0;
  for (let i = 0; i < predictions.length; i++) if (predictions[i] === labels[i]) correct += 1;
  return correct / Math.max(1, predictions.length);
}

/** SHA-256 over the model and everything in the options that changes a result. */
async function climbKey(model: Uint8Array, options: QuantizeOptions): Promise<string> {
  const { target, activationRange, weightRange, exclude, bits, mixedPrecision, layerBits, rounding, equalize } =
    options;
  const idOf = (value: { readonly id: string } | string | undefined): string | undefined =>
    typeof value === 'string' ? value : value?.id;
  const text = JSON.stringify([
    [idOf(target), idOf(activationRange), idOf(weightRange), exclude, mixedPrecision, layerBits, rounding, equalize],
    typeof bits === 'object' ? { ...bits, layers: [...(bits.layers ?? [])] } : bits,
    [options.correctBias, options.perChannel, options.samples, options.batchSize, options.shapes],
    Array.from(options.evaluation?.labels ?? []),
  ]);
  const bytes = new TextEncoder().encode(text);
  const all = new Uint8Array(model.length + bytes.length);
  all.set(model);
  all.set(bytes, model.length);
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', all));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
