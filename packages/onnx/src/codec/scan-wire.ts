import { ModelFormatError } from '@bitwright/core';
import type { DescMessage } from '@bufbuild/protobuf';
import { type FieldPlan, fieldPlans, unknownFieldCost } from './field-plan';

/** Bounds on what a file may ask of the decoder. */
export interface ScanLimits {
  /** Deepest nesting of messages. */
  readonly maxDepth: number;
  /** Estimated JavaScript memory of the decoded messages, without the bytes that stay views of the input. */
  readonly maxObjectBytes: number;
  /** Name of the input in messages. */
  readonly source: string;
}

interface ScanState {
  readonly bytes: Uint8Array;
  readonly limits: ScanLimits;
  /** Names of the fields around the current position, outermost first. */
  readonly path: string[];
  pos: number;
  objectBytes: number;
}

const wireTypeNames = ['varint', 'fixed64', 'length-delimited', 'group start', 'group end', 'fixed32'];
const wireTypeOf = { varint: 0, fixed64: 1, bytes: 2, message: 2, fixed32: 5 } as const;

function fail(
  state: ScanState,
  at: number,
  expected: string,
  received: string,
  hint = 'This is not an ONNX model, or it is damaged.',
): ModelFormatError {
  const where = state.path.length === 0 ? '' : ` (field ${state.path.join('.')})`;
  return new ModelFormatError({
    operation: '[onnx] decodeModel',
    expected: `${expected} at byte ${at} of ${state.limits.source}${where}`,
    received,
    hint,
  });
}

/**
 * Walks serialized bytes without building anything and checks what a decoder would otherwise trust: every length fits
 * inside its parent, wire types match the schema, varints end, nesting and memory stay within the limits.
 *
 * Time is linear in the number of fields; payload bytes are skipped.
 *
 * @throws {ModelFormatError} naming the byte and the field path
 */
export function scanWire(message: DescMessage, bytes: Uint8Array, limits: ScanLimits): void {
  const state: ScanState = { bytes, limits, path: [], pos: 0, objectBytes: 0 };
  scanMessage(state, message, bytes.length);
}

function scanMessage(state: ScanState, message: DescMessage, end: number): void {
  const plans = fieldPlans(message);
  while (state.pos < end) {
    const at = state.pos;
    const tag = readVarint(state, end, 5);
    const fieldNumber = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (fieldNumber < 1 || fieldNumber > 0x1fffffff) {
      throw fail(state, at, 'a field number from 1 to 2^29 − 1', `${fieldNumber}`);
    }
    const plan = plans.get(fieldNumber);
    if (plan === undefined) {
      charge(state, unknownFieldCost);
      skipValue(state, at, wireType, end);
      continue;
    }
    state.path.push(plan.name);
    scanField(state, plan, at, wireType, end);
    state.path.pop();
  }
}

function scanField(state: ScanState, plan: FieldPlan, at: number, wireType: number, end: number): void {
  if (plan.isPackable && wireType === wireTypeOf.bytes) {
    scanPacked(state, plan, end);
    return;
  }
  if (wireType !== wireTypeOf[plan.shape]) {
    const expected = `wire type ${wireTypeNames[wireTypeOf[plan.shape]]}`;
    throw fail(state, at, expected, wireTypeNames[wireType] ?? `wire type ${wireType}`);
  }
  charge(state, plan.cost);
  if (plan.child === undefined) {
    const start = state.pos;
    skipValue(state, at, wireType, end);
    if (plan.isText) charge(state, state.pos - start);
    return;
  }
  if (state.path.length > state.limits.maxDepth) {
    throw fail(state, at, `at most ${state.limits.maxDepth} nested messages`, 'deeper nesting');
  }
  scanMessage(state, plan.child, readEnd(state, end));
}

function scanPacked(state: ScanState, plan: FieldPlan, end: number): void {
  const packedEnd = readEnd(state, end);
  const start = state.pos;
  if (plan.shape === 'varint') {
    while (state.pos < packedEnd) {
      charge(state, plan.cost);
      readVarint(state, packedEnd, 10);
    }
    return;
  }
  const width = plan.shape === 'fixed64' ? 8 : 4;
  const length = packedEnd - start;
  if (length % width !== 0) throw fail(state, start, `a multiple of ${width} bytes`, `${length} bytes`);
  charge(state, plan.cost * (length / width));
  state.pos = packedEnd;
}

function skipValue(state: ScanState, at: number, wireType: number, end: number): void {
  if (wireType === wireTypeOf.varint) {
    readVarint(state, end, 10);
  } else if (wireType === wireTypeOf.bytes) {
    state.pos = readEnd(state, end);
  } else if (wireType === wireTypeOf.fixed32 || wireType === wireTypeOf.fixed64) {
    const width = wireType === wireTypeOf.fixed32 ? 4 : 8;
    if (end - state.pos < width) throw fail(state, state.pos, `${width} bytes`, `${end - state.pos}`);
    state.pos += width;
  } else {
    const received = wireTypeNames[wireType] ?? `wire type ${wireType}`;
    throw fail(state, at, 'a varint, fixed32, fixed64 or length-delimited field', received);
  }
}

/** Reads a length prefix and returns the position after the bytes it announces. */
function readEnd(state: ScanState, end: number): number {
  const at = state.pos;
  const length = readVarint(state, end, 5);
  const rest = end - state.pos;
  if (length <= rest) return state.pos + length;
  const isCut = end === state.bytes.length;
  throw fail(
    state,
    at,
    `a length of at most ${rest}`,
    `${length}`,
    isCut ? 'The file looks truncated: copy or download it again.' : undefined,
  );
}

/** Value of a varint of at most `maxBytes` bytes; exact up to 2^53, which tags and lengths never exceed. */
function readVarint(state: ScanState, end: number, maxBytes: number): number {
  const at = state.pos;
  const limit = Math.min(end, at + maxBytes);
  let value = 0;
  let scale = 1;
  while (state.pos < limit) {
    const byte = state.bytes[state.pos++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  if (limit === at + maxBytes) throw fail(state, at, `a varint of at most ${maxBytes} bytes`, 'a longer one');
  throw fail(state, at, 'a complete varint', 'the end of the data', 'The file looks truncated or is not a model.');
}

function charge(state: ScanState, bytes: number): void {
  state.objectBytes += bytes;
  if (state.objectBytes <= state.limits.maxObjectBytes) return;
  throw fail(
    state,
    state.pos,
    `messages that fit into ${state.limits.maxObjectBytes} bytes of memory`,
    'more',
    'If you trust this file, raise maxObjectBytes.',
  );
}
