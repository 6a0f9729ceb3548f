import { InvalidArgumentError, QuantError, UnsupportedSchemeError } from './errors';
import type { ScaleParams } from './format/number-format';
import { describeScheme, formatOf, type QuantScheme } from './format/number-formats';
import type { AnyQuantizationSpec, NodeDecision, QuantizationSpec, TensorQuantization } from './quantization-spec';
import type { Range } from './range';

/** What {@link makeSpec} makes a spec from. */
export type SpecParts<Scheme extends QuantScheme> = Pick<QuantizationSpec<Scheme>, 'target' | 'provenance'> &
  Partial<Pick<QuantizationSpec<Scheme>, 'tensors' | 'nodes' | 'extensions'>>;

/**
 * A checked, frozen spec from its parts.
 *
 * @throws {InvalidArgumentError} for a part out of place, with its path
 * @throws {UnsupportedSchemeError} for parameters that contradict their scheme
 */
export function makeSpec<Scheme extends QuantScheme>(parts: SpecParts<Scheme>): QuantizationSpec<Scheme> {
  const { target, provenance, tensors = {}, nodes = {}, extensions } = parts;
  const spec: QuantizationSpec<Scheme> = Object.freeze({
    version: 1,
    target,
    tensors: Object.freeze({ ...tensors }),
    nodes: Object.freeze({ ...nodes }),
    provenance: Object.freeze({ ...provenance, tool: Object.freeze({ ...provenance.tool }) }),
    ...(extensions === undefined ? {} : { extensions }),
  });
  assertSpec(spec as unknown as AnyQuantizationSpec, '[core] makeSpec');
  return spec;
}

/**
 * Narrows a spec to linear schemes, which is all that most formats and runtimes hold.
 *
 * @throws {UnsupportedSchemeError} naming the first tensor with another kind
 */
export function asLinearSpec(spec: AnyQuantizationSpec): QuantizationSpec {
  for (const [name, { scheme }] of Object.entries(spec.tensors)) {
    if (scheme.kind === 'linear') continue;
    throw new UnsupportedSchemeError({
      operation: '[core] asLinearSpec',
      expected: 'linear schemes only',
      received: `${describeScheme(scheme)} for tensor "${name}"`,
      hint: 'Read the spec with anySpecFromJson where non-linear formats are wanted.',
    });
  }
  return spec as unknown as QuantizationSpec;
}

/** Path of a tensor in the JSON form, for messages: `$.tensors["conv1.w"]`. */
export function tensorPath(name: string): string {
  return `$.tensors[${JSON.stringify(name)}]`;
}

/** Path of a node in the JSON form. */
export function nodePath(name: string): string {
  return `$.nodes[${JSON.stringify(name)}]`;
}

/**
 * Every rule of a spec that its types do not express. What passes can be written, and reads back equal.
 *
 * @throws {InvalidArgumentError} for a field out of place, with its path
 * @throws {UnsupportedSchemeError} for parameters that contradict their scheme
 */
export function assertSpec(spec: AnyQuantizationSpec, operation: string): void {
  const refuse = refusal(operation);
  if (typeof spec.target !== 'string' || spec.target === '') throw refuse('$.target', 'a target id', spec.target);
  assertProvenance(spec, refuse);
  for (const [name, tensor] of Object.entries(spec.tensors)) {
    if (name === '') throw refuse('$.tensors', 'tensor names that are not empty', name);
    assertTensor(tensor, tensorPath(name), operation);
  }
  for (const [name, node] of Object.entries(spec.nodes)) {
    if (name === '') throw refuse('$.nodes', 'node names that are not empty', name);
    assertNode(node, nodePath(name), refuse);
  }
}

// — internals —

type Refuse = (path: string, expected: string, received: unknown) => InvalidArgumentError;

/** Makes the errors of one operation: expected … at path, received value. */
export function refusal(operation: string): Refuse {
  return (path, expected, received) =>
    new InvalidArgumentError({
      operation,
      expected: `${expected} at ${path}`,
      received: shorten(received),
    });
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}

const roles = ['activation', 'weight', 'bias'];
const sources = ['calibration', 'dataFree', 'training', 'user', 'derived'];
const kinds = ['integer', 'passThrough', 'absorbed', 'float'];
const hash = /^[0-9a-f]{64}$/;

function assertProvenance({ provenance }: AnyQuantizationSpec, refuse: Refuse): void {
  const { tool, samples } = provenance;
  if (typeof tool?.name !== 'string') throw refuse('$.provenance.tool.name', 'a tool name', tool?.name);
  if (typeof tool.version !== 'string') throw refuse('$.provenance.tool.version', 'a version', tool.version);
  for (const key of ['modelHash', 'configHash', 'dataHash'] as const) {
    const value = provenance[key];
    if (value !== undefined && !hash.test(value)) {
      throw refuse(`$.provenance.${key}`, 'a SHA-256 of 64 lower-case hexadecimal digits', value);
    }
  }
  if (samples !== undefined && !(Number.isSafeInteger(samples) && samples >= 0)) {
    throw refuse('$.provenance.samples', 'a count of samples', samples);
  }
}

function assertTensor(tensor: TensorQuantization<QuantScheme>, path: string, operation: string): void {
  const refuse = refusal(operation);
  const { role, scheme, origin, range, bits } = tensor;
  const params: ScaleParams = tensor.qparams;
  if (!roles.includes(role)) throw refuse(`${path}.role`, roles.join(', '), role);
  if (!sources.includes(origin.source)) throw refuse(`${path}.origin.source`, sources.join(', '), origin.source);
  const count = params.scale.length;
  if (scheme.granularity.kind === 'perTensor' ? count !== 1 : count < 1) {
    const expected = scheme.granularity.kind === 'perTensor' ? 'one scale (perTensor)' : 'at least one scale';
    throw refuse(`${path}.scale`, expected, count);
  }
  try {
    formatOf<QuantScheme>(scheme).assertParams(params as never, scheme, path);
  } catch (cause) {
    if (!QuantError.isInstance(cause)) throw cause;
    throw new UnsupportedSchemeError({
      operation,
      expected: `parameters that fit ${describeScheme(scheme)} at ${path} (${cause.expected})`,
      received: cause.received,
      cause,
    });
  }
  if (range !== undefined) assertRange(range, count, `${path}.range`, refuse);
  if (bits !== undefined && !(Number.isInteger(bits) && bits >= 1 && bits <= 32)) {
    throw refuse(`${path}.bits`, 'a width of 1 to 32 bits', bits);
  }
}

function assertRange({ min, max }: Range, count: number, path: string, refuse: Refuse): void {
  if (min.length !== max.length || (min.length !== 1 && min.length !== count)) {
    throw refuse(path, `as many minima as maxima, 1 or ${count}`, [min.length, max.length]);
  }
  for (let g = 0; g < min.length; g++) {
    const lo = min[g] as number;
    const hi = max[g] as number;
    if (!(lo <= hi) || !Number.isFinite(lo) || !Number.isFinite(hi)) {
      throw refuse(path, 'finite bounds with min ≤ max', `min ${lo}, max ${hi} at parameter ${g}`);
    }
  }
}

function assertNode(node: NodeDecision, path: string, refuse: Refuse): void {
  if (!kinds.includes(node.kind)) throw refuse(`${path}.kind`, kinds.join(', '), node.kind);
  if (node.kind === 'float' && typeof node.reason !== 'string') throw refuse(`${path}.reason`, 'a reason', node.reason);
}
