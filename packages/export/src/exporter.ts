import {
  type EvidenceLevel,
  ExportError,
  type PlanProblem,
  type QuantError,
  type QuantizationSpec,
} from '@bitwright/core';
import type { Model } from '@bitwright/onnx';

/** Options every exporter takes; those with more say so in their own options type. */
export interface ExportOptions {
  /** Stem of the file names. Default `model`. */
  readonly name?: string;
  /** One of the exporter's `versions`. Default the first. */
  readonly version?: string;
}

/** One file of an export, complete in memory. */
export interface ExportedFile {
  /** Relative to the output folder, with `/` between folders. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What stands between a spec and a format. */
export interface ExportCheck {
  /** Why it cannot be written; empty when it can. */
  readonly problems: readonly PlanProblem[];
  /** What the written file does not say, in sentences: parts the toolchain decides by itself, layers left out. */
  readonly notes: readonly string[];
}

/**
 * Writes a quantization spec in the format one deployment toolchain reads: one small value per format.
 *
 * `model` is always the float model whose tensors and nodes the spec names (BatchNorm folded, nodes named).
 */
export interface Exporter<Options extends ExportOptions = ExportOptions> {
  /** Name on the command line and in `Target.exporter`: `ncnn-table`. */
  readonly id: string;
  readonly title: string;
  /** Other names `--to` takes. */
  readonly aliases: readonly string[];
  /** Ids of the targets that read the format. */
  readonly targets: readonly string[];
  /** Versions or flavours of the format it writes, the default first. */
  readonly versions: readonly string[];
  /** How far the format was checked. */
  readonly evidence: EvidenceLevel;
  /** Finds what the format cannot express. Cheap: nothing is written. */
  check(spec: QuantizationSpec, model: Model, options?: Options): ExportCheck;
  /**
   * The files, in the order they should appear.
   *
   * @throws {ExportError} for the first problem that `check` finds
   */
  write(spec: QuantizationSpec, model: Model, options?: Options): readonly ExportedFile[];
  /** Checks files by the rules of the format alone, and with a model also that they fit it. */
  validate(files: readonly ExportedFile[], model?: Model): readonly PlanProblem[];
  /**
   * The tensors a file describes, where the format carries enough to say.
   *
   * @throws {ExportError} when the files are not valid
   */
  read?(files: readonly ExportedFile[], model: Model): QuantizationSpec;
}

/**
 * @throws {ExportError} naming the first problem and how many more there are
 */
export function refuseProblems(operation: string, problems: readonly PlanProblem[]): void {
  const first = problems[0];
  if (first === undefined) return;
  const more = problems.length > 1 ? `${problems.length - 1} more problem(s) of this kind follow.` : undefined;
  const hint = [first.hint, more].filter((part) => part !== undefined).join(' ');
  throw new ExportError({
    operation: `${operation} ${first.where}`,
    expected: first.expected,
    received: first.received,
    ...(hint === '' ? {} : { hint }),
  });
}

/** What an error says, as a problem at a place. */
export function asProblem({ expected, received, hint }: QuantError, where: string): PlanProblem {
  return { where, expected, received, ...(hint === undefined ? {} : { hint }) };
}

/** Stem of the file names. */
export function fileStem(options: ExportOptions | undefined): string {
  return options?.name ?? 'model';
}
