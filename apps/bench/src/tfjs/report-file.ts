import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { place } from '../measure/place';
import { tfjsMarkdown } from './markdown';
import type { TfjsReport, TfjsRow } from './result';
import { workloads } from './workloads';

/** Files that hold the report; relative paths are meant from where the user is. */
export interface ReportFiles {
  readonly json: string | undefined;
  readonly markdown: string | undefined;
}

/** Rows of earlier runs in the JSON file, those of `measured` in their place, in the order of the workloads. */
export function mergeRows({ json }: ReportFiles, measured: readonly TfjsRow[]): TfjsReport {
  const before: TfjsReport =
    json !== undefined && existsSync(place(json)) ? JSON.parse(readFileSync(place(json), 'utf8')) : { rows: [] };
  const byName = new Map([...before.rows, ...measured].map((row) => [row.workload, row]));
  return { rows: workloads.flatMap(({ name }) => byName.get(name) ?? []) };
}

/** Writes the report after every row, so that an interrupted run keeps what it has measured. */
export function writeReport({ json, markdown }: ReportFiles, report: TfjsReport): void {
  if (json !== undefined) writeFileSync(place(json), `${JSON.stringify(report, null, 2)}\n`);
  if (markdown !== undefined) writeFileSync(place(markdown), tfjsMarkdown(report));
}
