import { AbortedError, specToJson } from '@bitwright/core';
import type { WrittenModel } from '@bitwright/onnx/node';
import { writeModelFile } from '@bitwright/onnx/node';
import type { QuantizeResult } from '@bitwright/ptq';
import { withChangedWeights } from '../export/changed-weights';
import type { PlannedOutputs } from './plan-outputs';
import { stageTextFiles } from './text-files';

export interface WriteResultOptions {
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/**
 * Writes model, spec and report so that none of them appears when one cannot be written or the user cancels.
 *
 * @throws {ExportError|OutputError} when something cannot be written
 * @throws {AbortedError} when cancelled
 */
export async function writeResult(
  result: QuantizeResult,
  report: unknown,
  outputs: PlannedOutputs,
  { force, signal }: WriteResultOptions,
): Promise<WrittenModel> {
  const texts = new Map([
    [outputs.spec, specToJson(withChangedWeights(result.spec, result.report))],
    [outputs.report, `${JSON.stringify(report, undefined, 2)}\n`],
  ]);
  if (signal.aborted) {
    throw new AbortedError({ operation: 'output', expected: 'to finish', received: 'a request to cancel' });
  }
  const staged = await stageTextFiles(texts);
  try {
    const written = await writeModelFile(result.model, outputs.model, { overwrite: force, signal });
    await staged.commit();
    return written;
  } finally {
    await staged.discard();
  }
}
