import type { PlanProblem, QuantizationSpec } from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import {
  type ExportCheck,
  type ExportedFile,
  type Exporter,
  type ExportOptions,
  fileStem,
  refuseProblems,
} from './exporter';

/** An exporter without the parts that are the same for all: what a format's own file says. */
export interface ExportFormat<Options extends ExportOptions> extends Omit<Exporter<Options>, 'write'> {
  /** Why a version cannot be written, where more are taken than `versions` lists. */
  versionProblem?(version: string): PlanProblem | undefined;
  /** The files of a spec that passed `check`. */
  render(spec: QuantizationSpec, model: Model, options: RenderOptions<Options>): readonly ExportedFile[];
}

/** Options with the defaults filled in. */
export type RenderOptions<Options extends ExportOptions> = Options & {
  readonly name: string;
  readonly version: string;
};

/** The exporter of a format: version and file name are checked, and nothing is rendered that `check` refuses. */
export function defineExporter<Options extends ExportOptions = ExportOptions>(
  format: ExportFormat<Options>,
): Exporter<Options> {
  const { render, versionProblem, ...rest } = format;
  const check = (spec: QuantizationSpec, model: Model, options?: Options): ExportCheck => {
    const own = [...versionProblems(format, options?.version), ...stemProblems(fileStem(options))];
    return own.length > 0 ? { problems: own, notes: [] } : format.check(spec, model, options);
  };
  return Object.freeze({
    ...rest,
    check,
    write(spec: QuantizationSpec, model: Model, options?: Options): readonly ExportedFile[] {
      refuseProblems(`[export] ${format.id}`, check(spec, model, options).problems);
      const filled = { ...options, name: fileStem(options), version: options?.version ?? format.versions[0] ?? '' };
      return render(spec, model, filled as RenderOptions<Options>);
    },
  });
}

function versionProblems<Options extends ExportOptions>(
  { versions, versionProblem }: ExportFormat<Options>,
  version: string | undefined,
): readonly PlanProblem[] {
  if (version === undefined || versions.includes(version)) return [];
  if (versionProblem === undefined) {
    return [{ where: 'version', expected: versions.join(', '), received: JSON.stringify(version) }];
  }
  const problem = versionProblem(version);
  return problem === undefined ? [] : [problem];
}

/** File names become paths: a stem stays inside its folder. */
function stemProblems(stem: string): readonly PlanProblem[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
  if (stem !== '' && !/[\u0000-\u001f/\\:]/.test(stem) && !stem.startsWith('.')) return [];
  return [{ where: 'name', expected: 'a file name without separators', received: JSON.stringify(stem) }];
}

/** One UTF-8 text file. */
export function textFile(path: string, text: string): ExportedFile {
  return Object.freeze({ path, bytes: new TextEncoder().encode(text) });
}
