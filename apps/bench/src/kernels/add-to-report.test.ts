import { describe, expect, it } from 'vitest';
import { addToReport } from './add-to-report';
import type { KernelReport, KernelRow } from './result';

const machine = { cpu: 'a', processors: 2, memoryGiB: 8, system: 'linux', load: 0, date: '2026-01-01T00:00' };

function report(commit: string, name: string, cpu = 'a'): KernelReport {
  const numbers = { oursMs: 1, oursMinMs: 1, peerMs: null, peerMinMs: null, ratio: null, minRatio: null, gops: 1 };
  const place = { suite: 's', group: 'g', case: name, threads: 1, isa: 'scalar', peer: null };
  const row: KernelRow = { ...place, ...numbers, peakFraction: 1, aloneMs: null, scaling: null };
  return { machine: { ...machine, cpu }, versions: {}, commit, emptyPeerCallMs: {}, peaks: [], rows: [row] };
}

const casesOf = ({ rows }: KernelReport): string[] => rows.map((row) => row.case);

describe('addToReport', () => {
  it('keeps rows of the same commit and processor', () => {
    expect(casesOf(addToReport(report('1234567', 'old'), report('1234567', 'new'), []))).toEqual(['old', 'new']);
    expect(casesOf(addToReport(report('1234567', 'same'), report('1234567', 'same'), []))).toEqual(['same']);
  });

  it.each([
    ['another commit', report('7654321', 'old'), '1234567'],
    ['another processor', report('1234567', 'old', 'b'), '1234567'],
    ['changed files', report('1234567+', 'old'), '1234567+'],
    ['files changed since', report('1234567', 'old'), '1234567+'],
    ['files changed before', report('1234567+', 'old'), '1234567'],
  ])('drops rows of %s', (_, earlier, commit) => {
    expect(casesOf(addToReport(earlier, report(commit, 'new'), []))).toEqual(['new']);
  });
});
