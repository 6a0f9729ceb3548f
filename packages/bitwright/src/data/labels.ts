import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { InputDataError } from '@bitwright/core';
import { fileSource } from './byte-source';
import { openNpy } from './npy';

export interface LabelsOptions {
  /** Samples in the data, before any limit. */
  readonly sampleCount: number;
  /** Names of the samples, for label files that name images. */
  readonly sampleNames?: readonly string[] | undefined;
}

/** Extensions of label files. */
export const labelExtensions: readonly string[] = Object.freeze(['.npy', '.u8', '.txt', '.csv', '.tsv', '.json']);

const textLimit = 256 * 2 ** 20;
const labelHeader = /^(label|labels|class|class_?(id|index)|index|target)$/i;

/**
 * Class indices, one per sample in the samples' order.
 *
 * - `.npy`: integers of shape [N] or [N,1]; `.u8`: one byte each; `.json`: an array, or {file: label}
 * - `.txt`, `.csv`, `.tsv`: one integer per line, or a table of file and label, with or without a header line,
 *   matched to the samples' names by relative path, else by file name
 *
 * @throws {InputDataError} when a label is no index ≥ 0, is missing, or their number is not that of the samples
 */
export async function loadLabels(path: string, options: LabelsOptions): Promise<Int32Array> {
  const labels = await readLabels(path, options);
  if (labels.length !== options.sampleCount) {
    throw refuse(path, `${options.sampleCount} labels, one per sample`, `${labels.length}`);
  }
  return labels;
}

async function readLabels(path: string, options: LabelsOptions): Promise<Int32Array> {
  const source = await fileSource(path);
  switch (extname(path).toLowerCase()) {
    case '.npy': {
      const array = await openNpy(source);
      const isColumn = array.dims.length === 1 || (array.dims.length === 2 && array.dims[1] === 1);
      if (!isColumn || array.type.startsWith('float')) {
        const received = `${array.type} of shape [${array.dims.join(',')}]`;
        throw refuse(path, 'integer labels of shape [N]', received, 'Save np.asarray(labels, np.int64).');
      }
      return toLabels([...(await array.readAll())], path);
    }
    case '.u8': {
      const [bytes = new Uint8Array()] = await source.read([{ offset: 0, length: source.size }]);
      return Int32Array.from(bytes);
    }
    case '.json':
      return jsonLabels(await readText(path, source.size), path, options);
    case '.txt':
    case '.csv':
    case '.tsv':
      return tableLabels(await readText(path, source.size), path, options);
    default:
      throw refuse(path, `labels as ${labelExtensions.join(' ')}`, `'${extname(path) || basename(path)}'`);
  }
}

async function readText(path: string, size: number): Promise<string> {
  if (size > textLimit) throw refuse(path, `at most ${textLimit} bytes of text`, `${size}`);
  return (await readFile(path, 'utf8')).replace(/^\ufeff/, '');
}

function jsonLabels(text: string, path: string, options: LabelsOptions): Int32Array {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse(path, 'JSON', cause instanceof Error ? cause.message : String(cause));
  }
  if (Array.isArray(value)) return toLabels(value, path);
  if (typeof value !== 'object' || value === null) throw refuse(path, 'an array or {file: label}', typeof value);
  return matchNames(new Map(Object.entries(value)), path, options);
}

function tableLabels(text: string, path: string, options: LabelsOptions): Int32Array {
  const separator = text.includes('\t') ? '\t' : text.includes(',') ? ',' : /\s+/;
  const rows = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(separator).map(unquote));
  const first = rows[0] ?? [];
  const named = first.findIndex((cell) => labelHeader.test(cell));
  const column = named >= 0 ? named : Math.min(1, first.length - 1);
  const isHeader = named >= 0 || !isIndex(first[column]);
  const body = isHeader ? rows.slice(1) : rows;
  const short = body.findIndex((row) => row.length <= column);
  if (short >= 0)
    throw refuse(path, `a label in column ${column + 1}`, `${body[short]?.length} columns in row ${short + 1}`);
  if (first.length === 1)
    return toLabels(
      body.map((row) => numeric(row[0])),
      path,
    );
  return matchNames(new Map(body.map((row) => [row[0] ?? '', numeric(row[column])])), path, options);
}

function matchNames(byName: ReadonlyMap<string, unknown>, path: string, options: LabelsOptions): Int32Array {
  const names = options.sampleNames;
  if (names === undefined) {
    throw refuse(path, 'one label per line, because the samples have no names', 'a table of names and labels');
  }
  const byFile = new Map<string, unknown>();
  const ambiguous = new Set<string>();
  for (const [name, label] of byName) {
    const file = basename(name);
    if (byFile.has(file)) ambiguous.add(file);
    byFile.set(file, label);
  }
  const found = names.map((name) => {
    const file = basename(name);
    return byName.get(name) ?? byName.get(`./${name}`) ?? (ambiguous.has(file) ? undefined : byFile.get(file));
  });
  const missing = names.filter((_, index) => found[index] === undefined);
  if (missing.length > 0) {
    throw refuse(path, 'a label for every image', `none for ${missing.length} of ${names.length}, e.g. ${missing[0]}`);
  }
  return toLabels(found, path);
}

function toLabels(values: readonly unknown[], path: string): Int32Array {
  return Int32Array.from(values, (value, index) => {
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 2 ** 31) return number;
    throw refuse(path, 'class indices, integers ≥ 0', `${JSON.stringify(number) ?? String(number)} as label ${index}`);
  });
}

function isIndex(cell: string | undefined): boolean {
  return cell !== undefined && /^\d+$/.test(cell);
}

function numeric(cell: string | undefined): unknown {
  return isIndex(cell) ? Number(cell) : cell;
}

function unquote(cell: string): string {
  return cell.trim().replace(/^"(.*)"$/, '$1');
}

function refuse(path: string, expected: string, received: string, hint?: string): InputDataError {
  return new InputDataError({ operation: `[bitwright] read labels ${path}`, expected, received, hint });
}
