import { loadNativeBackend, type MeasuredPeak, measurePeak, type NativeBackend } from '@bitwright/kernels-native';
import { type InterleaveOptions, interleave } from '../measure/interleave';
import { currentCommit, describeMachine } from '../measure/machine';
import { emptyCallMs } from '../peer/empty-call';
import { peerName } from '../peer/onnxruntime';
import { best, withPeak, withScaling } from './derived-columns';
import type { KernelCase, KernelSuite } from './kernel-suite';
import type { KernelReport, KernelRow } from './result';

export interface RunOptions extends InterleaveOptions {
  readonly isas: readonly string[];
  readonly threads: readonly number[];
  readonly isQuick: boolean;
  /** Runs cases whose `suite group case` contains this text. */
  readonly only: string;
  readonly onRow: (row: KernelRow) => void;
}

/**
 * Runs every chosen case on every instruction set and number of threads. All of one case follow each other, so that one thread and
 * several are compared under the same conditions.
 */
export async function runSuites(suites: readonly KernelSuite[], options: RunOptions): Promise<KernelReport> {
  const machine = describeMachine();
  const emptyPeerCallMs: Record<string, number> = {};
  for (const threads of options.threads) emptyPeerCallMs[threads] = await emptyCallMs(threads);
  const backends = options.isas.flatMap((isa) => options.threads.map((threads) => loadNativeBackend({ isa, threads })));
  const measurePeaks = (): MeasuredPeak[] =>
    backends.map((native) => measurePeak(native, options.isQuick ? 0.1 : 0.25));
  const before = measurePeaks();
  const rows: KernelRow[] = [];
  for (const suite of suites) {
    for (const one of suite.cases.filter((candidate) => isChosen(suite, candidate, options))) {
      for (const [index, native] of backends.entries()) {
        const emptyCall = emptyPeerCallMs[native.threads] as number;
        const row = await runCase(suite, one, native, before[index] as MeasuredPeak, emptyCall, options);
        rows.push(row);
        options.onRow(row);
      }
    }
  }
  const peaks = measurePeaks().map((after, index) => best(before[index] as MeasuredPeak, after));
  const versions = { node: process.version, peer: peerName };
  return {
    machine,
    versions,
    commit: currentCommit(),
    emptyPeerCallMs,
    peaks,
    rows: rows.map((row) => withScaling(withPeak(row, suites, peaks), rows)),
  };
}

// — internals —

function isChosen(suite: KernelSuite, one: KernelCase, { isQuick, only }: RunOptions): boolean {
  return (one.isQuick || !isQuick) && `${suite.name} ${one.group} ${one.name}`.includes(only);
}

async function runCase(
  suite: KernelSuite,
  one: KernelCase,
  native: NativeBackend,
  peak: MeasuredPeak,
  emptyCall: number,
  options: InterleaveOptions,
): Promise<KernelRow> {
  const { isa, threads } = native;
  const contest = await one.prepare({ native, threads });
  const contestants = contest.peer === undefined ? [contest.ours] : [contest.ours, contest.peer];
  const [ours, peer] = await interleave(contestants, options);
  await contest.close?.();
  if (ours === undefined) throw new Error(`${one.name}: nothing was measured`);
  const overhead = contest.peerName === undefined ? emptyCall : 0;
  const ratio = (theirs: number | undefined, own: number): number | null =>
    theirs === undefined ? null : Math.max(theirs - overhead, 0) / own;
  const perSecond = (one.work / ours.min) * 1000;
  return {
    suite: suite.name,
    group: one.group,
    case: one.name,
    threads,
    isa,
    oursMs: ours.median,
    oursMinMs: ours.min,
    peer: peer === undefined ? null : (contest.peerName ?? peerName),
    peerMs: peer?.median ?? null,
    peerMinMs: peer?.min ?? null,
    ratio: ratio(peer?.median, ours.median),
    minRatio: ratio(peer?.min, ours.min),
    gops: perSecond / 1e9,
    peakFraction: perSecond / peak[one.limit],
    aloneMs: null,
    scaling: null,
  };
}
