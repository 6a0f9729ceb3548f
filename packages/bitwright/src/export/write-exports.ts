import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ExportError, type QuantizationSpec } from '@bitwright/core';
import { type ExportedFile, type Exporter, type ExportOptions, readBackProblems } from '@bitwright/export';
import type { Model } from '@bitwright/onnx';
import { OutputError } from '../errors';
import { checkOutputs } from '../output/check-outputs';
import { stageTextFiles } from '../output/text-files';

/** One format to write. */
export interface ExportRequest {
  readonly exporter: Exporter;
  readonly options: ExportOptions;
}

export interface WriteExportsOptions {
  readonly model: Model;
  readonly spec: QuantizationSpec;
  /** Stem of the file names. */
  readonly stem: string;
  /** A folder, or the name of the only file. */
  readonly output: string | undefined;
  /** Where files go without `output`. */
  readonly folder: string;
  readonly cwd: string;
  /** Files that must not be written. */
  readonly inputs: readonly string[];
  readonly force: boolean;
  /** Checks everything and writes nothing. */
  readonly dryRun: boolean;
}

/** What became of one format. */
export interface WrittenExport {
  readonly format: string;
  readonly title: string;
  readonly version: string;
  readonly evidence: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Whether the files were read back and compared with the spec, tensor by tensor. */
  readonly readBack: boolean;
  readonly notes: readonly string[];
}

/**
 * Writes a spec in several formats: all are checked first, every file is written beside its place, read back from disk and
 * checked, and only then do all of them get their names.
 *
 * @throws {ExportError} when a format cannot express the spec, or what was written does not say the same; nothing is written
 * @throws {OutputError} when a file cannot be written
 */
export async function writeExports(
  requests: readonly ExportRequest[],
  options: WriteExportsOptions,
): Promise<readonly WrittenExport[]> {
  const { model, spec, stem } = options;
  const rendered = requests.map(({ exporter, options: own }) => {
    const given = { name: stem, ...own };
    const { notes } = exporter.check(spec, model, given);
    return {
      exporter,
      version: own.version ?? exporter.versions[0] ?? '',
      notes,
      files: exporter.write(spec, model, given),
    };
  });
  const places = await placeFiles(
    rendered.flatMap(({ files }) => files),
    options,
  );
  await checkOutputs([...places.values()], { inputs: options.inputs, force: options.force });
  if (!options.dryRun) {
    const staged = await stageTextFiles(new Map([...places].map(([file, path]) => [path, file.bytes])));
    try {
      for (const { exporter, files } of rendered) {
        const back = await Promise.all(
          files.map(async (file): Promise<ExportedFile> => {
            const temporary = staged.temporaries.get(places.get(file) ?? '') ?? '';
            return { path: file.path, bytes: new Uint8Array(await readFile(temporary)) };
          }),
        );
        assertSame(exporter, readBackProblems(exporter, back, spec, model));
      }
      await staged.commit();
    } finally {
      await staged.discard();
    }
  }
  return rendered.map(({ exporter, version, notes, files }) => ({
    format: exporter.id,
    title: exporter.title,
    version,
    evidence: exporter.evidence,
    files: files.map((file) => ({ path: places.get(file) ?? file.path, bytes: file.bytes.length })),
    readBack: exporter.read !== undefined,
    notes,
  }));
}

/** Paths as the user would write them. */
export function shownExports(written: readonly WrittenExport[], cwd: string): readonly WrittenExport[] {
  return written.map((each) => ({
    ...each,
    files: each.files.map((file) => ({ ...file, path: relative(cwd, file.path) || file.path })),
  }));
}

// — internals —

/** Absolute path of every file: in the folder given or beside the model, or the name given for the only file. */
async function placeFiles(
  files: readonly ExportedFile[],
  { output, folder, cwd }: WriteExportsOptions,
): Promise<ReadonlyMap<ExportedFile, string>> {
  const target = output === undefined ? folder : resolve(cwd, output);
  const isFolder = output === undefined || /[/\\]$/.test(output) || (await isExistingFolder(target));
  if (isFolder) return new Map(files.map((file) => [file, join(target, file.path)]));
  const [only] = files;
  if (only === undefined || files.length > 1) {
    throw new OutputError({
      operation: 'output',
      expected: `an existing folder for ${files.length} files`,
      received: target,
      hint: `Create it first, or write ${basename(target)}/ for a folder of ${dirname(target)}.`,
    });
  }
  return new Map([[only, target]]);
}

async function isExistingFolder(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  return status?.isDirectory() === true;
}

function assertSame(exporter: Exporter, problems: ReturnType<typeof readBackProblems>): void {
  const first = problems[0];
  if (first === undefined) return;
  throw new ExportError({
    operation: `[bitwright] read back ${exporter.id} ${first.where}`,
    expected: first.expected,
    received: first.received,
    hint: 'Nothing was written. This is a bug: please report it with the model.',
  });
}
