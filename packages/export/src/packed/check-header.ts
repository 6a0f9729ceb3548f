import { elementCount } from '@bitwright/core';
import { malformed } from './packed-container';
import type { PackedHeader } from './packed-header';

/**
 * Checks the JSON of a packed model before anything of it is believed: every field there and of its type, sizes whole and not negative,
 * sections long enough for what lies in them.
 *
 * @throws {ModelFormatError} naming the first field that is not
 */
export function checkHeader(value: unknown): PackedHeader {
  const header = recordAt(value, 'header');
  wholeAt(header['opset'], 'opset', 1);
  if (typeof header['spec'] !== 'string') throw at('spec', 'a text', header['spec']);
  for (const key of ['inputs', 'outputs']) {
    listAt(header[key], key).forEach((entry, i) => {
      checkValue(entry, `${key}[${i}]`);
    });
  }
  listAt(header['nodes'], 'nodes').forEach((node, i) => {
    checkNode(node, `nodes[${i}]`);
  });
  for (const [name, tensor] of Object.entries(recordAt(header['tensors'], 'tensors'))) {
    checkTensor(tensor, `tensors[${JSON.stringify(name)}]`);
  }
  return value as PackedHeader;
}

// — internals —

type Fields = Readonly<Record<string, unknown>>;

const elementBytes: Readonly<Record<string, number>> = { float32: 4, int32: 4, int64: 8, bool: 1 };
const widths: readonly unknown[] = [1, 2, 4, 8, 16, 32];
const attributeChecks: Readonly<Record<string, (value: unknown) => boolean>> = {
  int: (value) => typeof value === 'number',
  float: (value) => typeof value === 'number',
  text: (value) => typeof value === 'string',
  ints: (value) => isListOf(value, 'number'),
  floats: (value) => isListOf(value, 'number'),
  texts: (value) => isListOf(value, 'string'),
};

function checkValue(value: unknown, where: string): void {
  const { name, type, shape } = recordAt(value, where);
  if (typeof name !== 'string') throw at(`${where}.name`, 'a text', name);
  wholeAt(type, `${where}.type`);
  const isSize = (size: unknown): boolean =>
    typeof size === 'string' || (Number.isSafeInteger(size) && Number(size) >= 0);
  if (!listAt(shape, `${where}.shape`).every(isSize)) throw at(`${where}.shape`, 'sizes or names', shape);
}

function checkNode(value: unknown, where: string): void {
  const node = recordAt(value, where);
  for (const key of ['name', 'operator', 'domain']) {
    if (typeof node[key] !== 'string') throw at(`${where}.${key}`, 'a text', node[key]);
  }
  for (const key of ['inputs', 'outputs']) {
    if (!isListOf(node[key], 'string')) throw at(`${where}.${key}`, 'a list of texts', node[key]);
  }
  for (const [name, attribute] of Object.entries(recordAt(node['attributes'], `${where}.attributes`))) {
    const { kind, value: given } = recordAt(attribute, `${where}.attributes.${name}`);
    const fits = typeof kind === 'string' && Object.hasOwn(attributeChecks, kind) && attributeChecks[kind]?.(given);
    if (fits !== true) throw at(`${where}.attributes.${name}`, 'a kind and a value of it', `${kind}`);
  }
}

function checkTensor(value: unknown, where: string): void {
  const tensor = recordAt(value, where);
  const { shape, data, codes, type, scale, zeroPoint } = tensor;
  const sizes = listAt(shape, `${where}.shape`);
  sizes.forEach((size) => {
    wholeAt(size, `${where}.shape`);
  });
  const count = elementCount(sizes.map(Number));
  const length = sectionAt(data, `${where}.data`);
  if (type !== 'codes') {
    const width = typeof type === 'string' && Object.hasOwn(elementBytes, type) ? elementBytes[type] : undefined;
    if (width === undefined) throw at(`${where}.type`, 'float32, int32, int64, bool or codes', type);
    if (length !== count * width) throw at(`${where}.data`, `${count * width} bytes`, length);
    const extra = ['codes', 'scale', 'zeroPoint'].find((key) => tensor[key] !== undefined);
    if (extra !== undefined) throw at(`${where}.${extra}`, 'a plain tensor without it', tensor[extra]);
    return;
  }
  const { bits, signed, rowBytes } = recordAt(codes, `${where}.codes`);
  if (!widths.includes(bits)) throw at(`${where}.codes.bits`, widths.join(', '), bits);
  if (typeof signed !== 'boolean') throw at(`${where}.codes.signed`, 'true or false', signed);
  const rows = sizes.length === 0 ? 1 : Number(sizes[0]);
  const expected = rows === 0 ? 0 : Math.ceil(((count / rows) * Number(bits)) / 8);
  if (wholeAt(rowBytes, `${where}.codes.rowBytes`) !== expected) {
    throw at(`${where}.codes.rowBytes`, String(expected), rowBytes);
  }
  if (length !== rows * expected) throw at(`${where}.data`, `${rows * expected} bytes`, length);
  sectionAt(scale, `${where}.scale`);
  sectionAt(zeroPoint, `${where}.zeroPoint`);
}

/** Length of a section; that it lies within the data is checked when it is read. */
function sectionAt(value: unknown, where: string): number {
  const { offset, length } = recordAt(value, where);
  wholeAt(offset, `${where}.offset`);
  return wholeAt(length, `${where}.length`);
}

function recordAt(value: unknown, where: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw at(where, 'an object', value);
}

function listAt(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw at(where, 'a list', value);
}

function wholeAt(value: unknown, where: string, least = 0): number {
  if (Number.isSafeInteger(value) && Number(value) >= least) return Number(value);
  throw at(where, `a whole number of at least ${least}`, value);
}

function isListOf(value: unknown, type: 'number' | 'string'): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}

function at(where: string, expected: string, value: unknown): Error {
  const shown = JSON.stringify(value) ?? 'nothing';
  return malformed(`${expected} at ${where}`, shown.length > 60 ? `${shown.slice(0, 60)}…` : shown);
}
