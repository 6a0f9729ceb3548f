import {
  ExportError,
  linearScheme,
  QuantError,
  type QuantizationSpec,
  specToJson,
  type TensorQuantization,
  targets,
} from '@bitwright/core';
import { checksOf, type Skip, type TestApi } from '@bitwright/core/testing';
import { encodeModel, type Model } from '@bitwright/onnx';
import type { ExportedFile, Exporter, ExportOptions } from '../exporter';
import { readBackProblems } from '../read-back';

export interface ExporterSuiteOptions<Options extends ExportOptions> {
  /** The float model the spec names. */
  readonly model: Model;
  /** A spec the format can express, with at least one activation and one node that runs on integers. */
  readonly spec: QuantizationSpec;
  readonly options?: Options;
  /** Largest relative difference between a scale and the one read back. Default 2^-22, two roundings of float32. */
  readonly scaleTolerance?: number;
  readonly skip?: readonly Skip[];
}

/**
 * The contract of an exporter: every version it lists is written, valid and the same bytes every time; what is read back means
 * the same numbers; nothing it was given changes; and what no format can carry is refused with the place and the reason.
 *
 * @example
 * import { describe, it } from 'vitest';
 * describeExporter({ describe, it }, myExporter, { model, spec });
 */
export function describeExporter<Options extends ExportOptions>(
  api: TestApi,
  exporter: Exporter<Options>,
  suite: ExporterSuiteOptions<Options>,
): void {
  const { model, spec } = suite;
  const given = (version: string | undefined): Options =>
    ({ ...suite.options, ...(version === undefined ? {} : { version }) }) as Options;
  const write = (version?: string): readonly ExportedFile[] => exporter.write(spec, model, given(version));

  api.describe(`exporter ${exporter.id}`, () => {
    const test = checksOf(api, suite.skip ?? []);

    test('names', () => {
      check(/^[a-z0-9][a-z0-9-]*$/.test(exporter.id), `id "${exporter.id}" is not of lower-case letters and dashes`);
      check(!exporter.aliases.includes(exporter.id), 'an alias repeats the id');
      check(new Set(exporter.versions).size === exporter.versions.length, 'a version is listed twice');
      check(exporter.versions.length > 0, 'no version is listed');
      const known = new Set(targets.map((target) => target.id));
      const unknown = exporter.targets.find((id) => !known.has(id));
      check(unknown === undefined, `target "${unknown}" is none of the built-in ones`);
    });

    for (const version of exporter.versions) {
      test(`version ${version}`, () => {
        const { problems } = exporter.check(spec, model, given(version));
        check(problems.length === 0, `check refuses: ${JSON.stringify(problems[0])}`);
        const files = write(version);
        check(files.length > 0, 'no file is written');
        check(new Set(files.map(({ path }) => path)).size === files.length, 'two files have one path');
        const found = exporter.validate(files)[0];
        check(found === undefined, `validate finds ${JSON.stringify(found)}`);
        const again = write(version);
        check(
          files.every((file, i) => again[i]?.path === file.path && sameBytes(again[i].bytes, file.bytes)),
          'writing again gives other bytes',
        );
      });

      test(`read_back ${version}`, () => {
        const found = readBackProblems(exporter, write(version), spec, model, suite.scaleTolerance)[0];
        check(found === undefined, JSON.stringify(found));
      });
    }

    test('inputs_untouched', () => {
      const before = [specToJson(spec), encodeModel(model)] as const;
      write();
      check(specToJson(spec) === before[0], 'the spec was changed');
      check(sameBytes(encodeModel(model), before[1]), 'the model was changed');
    });

    test('name_is_the_stem', () => {
      const files = exporter.write(spec, model, { ...given(undefined), name: 'net' } as Options);
      check(!files.some(({ path }) => path.includes('..') || path.startsWith('/')), 'a path leaves the folder');
    });

    test('refuses_unknown_version', () => {
      refused(exporter, spec, model, { ...suite.options, version: 'no such version' } as Options);
    });

    test('refuses_paths_as_names', () => {
      for (const name of ['../net', 'a/b', 'a\\b', '', 'a\0b', '.hidden']) {
        refused(exporter, spec, model, { ...suite.options, name } as Options);
      }
    });

    test('refuses_bad_scales', () => {
      const [name, tensor] = firstOf(spec, 'activation');
      for (const scale of [0, Number.NaN, Number.POSITIVE_INFINITY, -1]) {
        const bad = { ...tensor, qparams: { ...tensor.qparams, scale: Float32Array.of(scale) } };
        const message = refused(exporter, replaceTensor(spec, name, bad as TensorQuantization), model, suite.options);
        check(message.includes(name), `the refusal of scale ${scale} does not name the tensor: ${message}`);
      }
    });

    test('refuses_tensors_the_model_lacks', () => {
      const [, tensor] = firstOf(spec, 'activation');
      const message = refused(exporter, replaceTensor(spec, 'no such tensor', tensor), model, suite.options);
      check(message.includes('no such tensor'), `the refusal does not name the tensor: ${message}`);
    });

    test('refuses_missing_ranges', () => {
      const [name] = firstOf(spec, 'activation');
      const { [name]: _, ...tensors } = spec.tensors;
      const message = refused(exporter, { ...spec, tensors }, model, suite.options);
      check(message.includes(name), `the refusal does not name the tensor: ${message}`);
    });

    test('refuses_activations_per_channel', () => {
      const [name, tensor] = firstOf(spec, 'activation');
      const scheme = linearScheme({ ...withoutKind(tensor), granularity: { kind: 'perAxis', axis: 1 } });
      const qparams = { scale: Float32Array.of(1, 2), zeroPoint: Int32Array.of(0, 0) };
      const perChannel = { ...tensor, scheme, qparams } as TensorQuantization;
      refused(exporter, replaceTensor(spec, name, perChannel), model, suite.options);
    });

    test('damaged_files', () => {
      const files = write();
      const first = files[0];
      check(first !== undefined, 'no file is written');
      check(exporter.validate([], model).length > 0, 'no file at all is called valid');
      // The last byte of a text file is a line end, which JSON does not need.
      for (const length of [0, 1, Math.floor(first.bytes.length / 2), first.bytes.length - 2]) {
        const cut = { ...first, bytes: first.bytes.subarray(0, length) };
        check(exporter.validate([cut, ...files.slice(1)], model).length > 0, `${length} bytes are called valid`);
      }
    });
  });
}

// — internals —

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** The message of the refusal: from `write`, which must agree with `check`. */
function refused<Options extends ExportOptions>(
  exporter: Exporter<Options>,
  spec: QuantizationSpec,
  model: Model,
  options: Options | undefined,
): string {
  check(exporter.check(spec, model, options).problems.length > 0, 'check finds nothing to refuse');
  try {
    exporter.write(spec, model, options);
  } catch (error) {
    check(QuantError.isInstance(error), `write threw ${String(error)} instead of an error of ours`);
    check(error.code === new ExportError({ operation: '', expected: '', received: '' }).code, `code ${error.code}`);
    return error.message;
  }
  throw new Error('write did not refuse');
}

function withoutKind({ scheme }: Pick<TensorQuantization, 'scheme'>): Parameters<typeof linearScheme>[0] {
  const { kind: _, ...options } = scheme;
  return options;
}

function firstOf(spec: QuantizationSpec, role: TensorQuantization['role']): [string, TensorQuantization] {
  const found = Object.entries(spec.tensors).find(([, tensor]) => tensor.role === role);
  if (found === undefined) throw new Error(`the suite's spec has no ${role}`);
  return found;
}

function replaceTensor(spec: QuantizationSpec, name: string, tensor: TensorQuantization): QuantizationSpec {
  return { ...spec, tensors: { ...spec.tensors, [name]: tensor } };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
