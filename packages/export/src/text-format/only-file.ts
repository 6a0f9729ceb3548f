import type { PlanProblem } from '@bitwright/core';
import type { ExportedFile } from '../exporter';

/** The text of an export of one UTF-8 file, or what is wrong with it. */
export type OnlyText = { readonly text: string } | { readonly problems: readonly PlanProblem[] };

/** Decodes an export that must be exactly one file of valid UTF-8. */
export function onlyText(files: readonly ExportedFile[]): OnlyText {
  const file = files[0];
  if (file === undefined || files.length > 1) {
    return { problems: [{ where: 'files', expected: 'one file', received: String(files.length) }] };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.bytes) };
  } catch {
    return { problems: [{ where: file.path, expected: 'UTF-8 text', received: 'other bytes' }] };
  }
}

/** JSON of an export of one file, or what is wrong with it. */
export function onlyJson(
  files: readonly ExportedFile[],
): { readonly json: unknown } | { readonly problems: readonly PlanProblem[] } {
  const only = onlyText(files);
  if ('problems' in only) return only;
  try {
    return { json: JSON.parse(only.text) };
  } catch (cause) {
    const received = cause instanceof Error ? cause.message : String(cause);
    return { problems: [{ where: files[0]?.path ?? '', expected: 'JSON', received }] };
  }
}
