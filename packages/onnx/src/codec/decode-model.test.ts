import { QuantError } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { sampleModel } from '../../test/sample-model';
import { decodeModel } from './decode-model';
import { encodeModel } from './encode-model';

/** Varint of a small non-negative number. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

/** Length-delimited field. */
function field(number: number, content: readonly number[]): number[] {
  return [...varint(number * 8 + 2), ...varint(content.length), ...content];
}

function text(value: string): number[] {
  return [...new TextEncoder().encode(value)];
}

function failure(bytes: Iterable<number>, options = {}): Error & { code: string } {
  try {
    decodeModel(Uint8Array.from(bytes), options);
  } catch (error) {
    if (QuantError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('decodeModel accepted the bytes');
}

const emptyGraph = field(7, []);

describe('decodeModel', () => {
  it.each([
    ['nothing', [], 'an empty file'],
    ['a JPEG', [0xff, 0xd8, 0xff, 0xe0, 0, 16, ...text('JFIF')], 'a JPEG image'],
    ['a PNG', [0x89, ...text('PNG\r\n\x1a\n')], 'a PNG image'],
    ['a zip', [...text('PK'), 3, 4, 20, 0, 0, 0], 'a zip archive'],
    ['gzip', [0x1f, 0x8b, 8, 0], 'a gzip archive'],
    ['HTML', text('<!DOCTYPE html><html>'), 'an HTML or XML page'],
    ['JSON', text('{"format": "graph-model"}'), 'JSON text'],
    ['npy', [0x93, ...text('NUMPY\x01\x00')], 'a NumPy .npy file'],
    ['HDF5', [0x89, ...text('HDF\r\n\x1a\n')], 'an HDF5 file'],
    ['TensorFlow Lite', [0x20, 0, 0, 0, ...text('TFL3')], 'a TensorFlow Lite model'],
    ['a Git LFS pointer', text('version https://git-lfs.github.com/spec/v1'), 'git lfs pull'],
    ['text form', text('ir_version: 8\n'), 'an ONNX model in text form'],
    ['zeros', new Array(64).fill(0), 'only zero bytes'],
    ['a message without a graph', [8, 8], 'a message without a graph'],
  ])('refuses %s and says what it is', (_, bytes, message) => {
    const error = failure(bytes);
    expect(error.code).toBe('ERR_MODEL_FORMAT');
    expect(error.message).toContain(message);
  });

  it.each([
    ['a length beyond the end', [0x3a, 100, 0], 'a length of at most 1 at byte 1 of "m.onnx" (field graph)'],
    ['a child longer than its parent', [...field(7, [0x0a, 5, 0]), 1, 2, 3, 4, 5], 'a length of at most 1'],
    ['a length of 2^35 − 1', [0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f], 'received 34359738367'],
    ['an endless varint', [8, ...new Array(11).fill(0x80)], 'a varint of at most 10 bytes'],
    ['a cut varint', [8, 0x80], 'a complete varint'],
    ['field number 0', [0x02, 0], 'a field number from 1'],
    ['a group', [0x3b, 0x3c], 'wire type length-delimited'],
    ['an unknown group', [0x7b, 0x7c], 'received group start'],
    ['wire type 7', [0x7f, 0], 'received wire type 7'],
    ['a graph that is a number', [0x38, 1], 'wire type length-delimited'],
    ['an ir_version that is text', field(1, [1]), 'wire type varint'],
    ['packed floats of 5 bytes', [...field(7, field(5, field(4, [0, 0, 0, 0, 0])))], 'a multiple of 4 bytes'],
    ['text that is not UTF-8', [...field(2, [0xff, 0xfe]), ...emptyGraph], 'bytes that do not decode'],
  ])('refuses %s', (_, bytes, message) => {
    expect(failure(bytes, { source: 'm.onnx' }).message).toContain(message);
  });

  it('refuses a model cut at any byte', () => {
    const bytes = encodeModel(sampleModel());
    const accepted: number[] = [];
    for (let length = 0; length < bytes.length; length++) {
      try {
        decodeModel(bytes.subarray(0, length));
        accepted.push(length);
      } catch (error) {
        expect(QuantError.isInstance(error)).toBe(true);
      }
    }
    // Only a cut exactly between two top-level fields after the graph leaves a valid message.
    expect(accepted.length).toBeLessThanOrEqual(4);
  });

  it('refuses nesting deeper than the limit, however deep', () => {
    const nest = (levels: number): Uint8Array => {
      // model.graph, then node.attribute.g for each level, built from the inside out.
      let content: Uint8Array = new Uint8Array(0);
      const wrap = (number: number): void => {
        const head = [number * 8 + 2, ...varint(content.length)];
        const outer = new Uint8Array(head.length + content.length);
        outer.set(head);
        outer.set(content, head.length);
        content = outer;
      };
      for (let i = 0; i < levels; i++) for (const number of [6, 5, 1]) wrap(number);
      wrap(7);
      return content;
    };
    expect(decodeModel(nest(20)).graph?.node.length).toBe(1);
    expect(failure(nest(40)).message).toContain('at most 100 nested messages');
    expect(failure(nest(3000)).message).toContain('nested messages');
    expect(decodeModel(nest(40), { maxDepth: 200 }).graph?.node.length).toBe(1);
  });

  it('refuses a small file that would decode into very much memory, without decoding it', () => {
    // 40 million empty nodes in 80 MB: about 14 GB of objects.
    const bytes = new Uint8Array(80_000_010);
    bytes.set([0x3a, ...varint(80_000_000)]);
    for (let i = 5; i < 80_000_005; i += 2) bytes[i] = 0x0a;
    const error = failureOf(() => decodeModel(bytes.subarray(0, 80_000_005)));
    expect(error).toContain('messages that fit into 1073741824 bytes of memory');
    expect(failure([...emptyGraph, ...field(8, []), ...field(8, [])], { maxObjectBytes: 600 }).message).toContain(
      'raise maxObjectBytes',
    );
  });

  it('keeps unknown fields of every message', () => {
    const unknown = [...field(200, text('new')), 0xc8, 0x0c, 7];
    const bytes = Uint8Array.from([...field(7, [...field(1, unknown), ...unknown]), ...unknown]);
    expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
  });

  it('reads packed and unpacked numbers alike', () => {
    const dims = [...field(1, [2, 3]), 0x08, 4];
    const model = decodeModel(Uint8Array.from(field(7, field(5, dims))));
    expect(model.graph?.initializer[0]?.dims).toEqual([2n, 3n, 4n]);
  });
});

function failureOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return 'no error';
}
