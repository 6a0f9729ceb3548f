import {
  dequantize,
  findTarget,
  int4,
  int8,
  linearScheme,
  perAxis,
  QuantError,
  quantize,
  seededRandom,
  type TensorQuantization,
  uint2,
} from '@bitwright/core';
import { floatAttribute, floatsAttribute, tensorToFloat32 } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { packCodes, unpackCodes } from '../../src/packed/pack-codes';
import { openPacked } from '../../src/packed/packed-container';
import { packedExporter } from '../../src/packed/packed-exporter';
import { readPacked } from '../../src/packed/read-packed';
import { run } from '../runtime';
import { tensor } from './hand-made-spec';
import { sampleSpec } from './sample-spec';

const { model, spec } = sampleSpec(findTarget('ort-x64'));
const file = packedExporter.write(spec, model)[0]!;

describe('packed models', () => {
  it('begin with the magic, hold a JSON header and data at a page', () => {
    expect(new TextDecoder().decode(file.bytes.subarray(0, 8))).toBe('BITWRGHT');
    const view = new DataView(file.bytes.buffer);
    expect(view.getUint32(8, true)).toBe(1);
    expect(Number(view.getBigUint64(24, true)) % 4096).toBe(0);
    expect(openPacked(file.bytes).data.byteOffset % 4096).toBe(0);
  });

  it('give the codes of every weight, as views into the file', () => {
    const packed = readPacked(file.bytes);
    for (const name of ['conv1.w', 'conv2.w', 'fc.w', 'conv1.b']) {
      const constant = model.graph!.initializer.find((each) => each.name === name)!;
      const { scheme, qparams } = spec.tensors[name]!;
      const codes = quantize({ data: tensorToFloat32(constant), shape: constant.dims.map(Number) }, scheme, qparams);
      expect(Array.from(packed.codes(name)), name).toEqual(Array.from(codes));
    }
    expect(packed.section(packed.header.tensors['conv1.w']!.data).buffer).toBe(file.bytes.buffer);
    expect(packed.spec).toEqual(readPacked(packedExporter.write(packed.spec, model)[0]!.bytes).spec);
  });

  it('become the float network again, with the weights’ values', async () => {
    const again = readPacked(file.bytes).toOnnx();
    const rounded = {
      ...model,
      graph: {
        ...model.graph!,
        initializer: again.graph!.initializer,
      },
    };
    expect(await run(again, [2, 4, 8, 8])).toEqual(await run(rounded, [2, 4, 8, 8]));
    const weights = again.graph!.initializer.find((each) => each.name === 'conv1.w')!;
    const original = model.graph!.initializer.find((each) => each.name === 'conv1.w')!;
    const { scheme, qparams } = spec.tensors['conv1.w']!;
    const codes = quantize({ data: tensorToFloat32(original), shape: [4, 4, 3, 3] }, scheme, qparams);
    expect([...tensorToFloat32(weights)]).toEqual([...dequantize(codes, [4, 4, 3, 3], scheme, qparams)]);
  });

  it('find damage by checksum, and lengths that leave the file', () => {
    for (const position of [70, file.bytes.length - 3]) {
      const bytes = file.bytes.slice();
      bytes[position] = bytes[position]! ^ 4;
      expect(packedExporter.validate([{ ...file, bytes }]).length, `byte ${position}`).toBeGreaterThan(0);
    }
    const longer = file.bytes.slice();
    new DataView(longer.buffer).setBigUint64(16, 2n ** 40n, true);
    expect(packedExporter.validate([{ ...file, bytes: longer }])[0]!.expected).toBe('lengths that fit the file');
  });
});

describe('attributes of packed models', () => {
  it.each([
    ['Infinity', floatAttribute('alpha', Number.POSITIVE_INFINITY)],
    ['NaN among others', floatsAttribute('alpha', [0, Number.NaN])],
  ])('are refused before writing where JSON cannot hold them: %s', (_, attribute) => {
    const { node, ...graph } = model.graph!;
    const nodes = node.map((each, i) => (i === 0 ? { ...each, attribute: [...each.attribute, attribute] } : each));
    const spoilt = { ...model, graph: { ...graph, node: nodes } };
    expect(packedExporter.check(spec, spoilt).problems).toEqual([
      { where: 'node "conv1"', expected: 'finite numbers and texts as attributes', received: 'attribute "alpha"' },
    ]);
    expect(() => packedExporter.write(spec, spoilt)).toThrow('finite numbers and texts');
  });
});

describe('a damaged header', () => {
  /** The file with another JSON header. */
  const withHeader = (header: unknown): Uint8Array => {
    const json = new TextEncoder().encode(JSON.stringify(header) ?? 'null');
    const { data } = openPacked(file.bytes);
    const start = Math.ceil((64 + json.length) / 4096) * 4096;
    const bytes = new Uint8Array(start + data.length);
    bytes.set(file.bytes.subarray(0, 64));
    bytes.set(json, 64);
    bytes.set(data, start);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(16, BigInt(json.length), true);
    view.setBigUint64(24, BigInt(start), true);
    return bytes;
  };
  const original = openPacked(file.bytes).header as Record<string, unknown>;

  it('is named by its first wrong field', () => {
    const change = (path: readonly string[], value: unknown): Uint8Array => {
      const copy = structuredClone(original);
      const last = path.at(-1) as string;
      const parent = path
        .slice(0, -1)
        .reduce((at: Record<string, unknown>, key) => at[key] as Record<string, unknown>, copy);
      parent[last] = value;
      return withHeader(copy);
    };
    expect(() => readPacked(change(['opset'], 'x'))).toThrow('a whole number of at least 1 at opset');
    expect(() => readPacked(change(['nodes'], {}))).toThrow('a list at nodes');
    expect(() => readPacked(change(['tensors', 'conv1.w', 'shape'], [2 ** 40, 4, 3, 3]))).toThrow(
      'bytes at tensors["conv1.w"].data',
    );
    expect(() => readPacked(change(['tensors', 'conv1.w', 'shape'], [4, -4, 3, 3]))).toThrow(
      'tensors["conv1.w"].shape',
    );
    expect(() => readPacked(change(['tensors', 'conv1.w', 'data', 'length'], 5))).toThrow('tensors["conv1.w"].data');
    expect(() => readPacked(withHeader(null))).toThrow('an object at header');
  });

  it.each(['codes', 'scale', 'zeroPoint'])('cannot give %s to a plain tensor', (field) => {
    const copy = structuredClone(original) as { tensors: Record<string, Record<string, unknown>> };
    const { shape, data, ...rest } = copy.tensors['conv1.w']!;
    // As many bytes as its codes have.
    copy.tensors['conv1.w'] = { shape, data, type: 'bool' };
    expect(readPacked(withHeader(copy)).header.tensors['conv1.w']?.type).toBe('bool');
    copy.tensors['conv1.w'][field] = rest[field];
    expect(() => readPacked(withHeader(copy))).toThrow(`a plain tensor without it at tensors["conv1.w"].${field}`);
  });

  it('never reaches the reader, whatever is changed: only our own errors', () => {
    const random = seededRandom(5);
    const values = [null, -1, 0.5, 2 ** 60, 'x', '__proto__', [], {}, true];
    const spoil = (value: unknown): unknown => {
      const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
      if (keys.length === 0 || random.next() < 0.15) return values[Math.floor(random.next() * values.length)];
      const key = keys[Math.floor(random.next() * keys.length)] as string;
      (value as Record<string, unknown>)[key] = spoil((value as Record<string, unknown>)[key]);
      return value;
    };
    let refused = 0;
    for (let i = 0; i < 400; i++) {
      try {
        const packed = readPacked(withHeader(spoil(structuredClone(original))));
        for (const name of Object.keys(packed.header.tensors)) {
          if (packed.header.tensors[name]!.type === 'codes') packed.codes(name);
        }
      } catch (error) {
        expect(QuantError.isInstance(error), `${i}: ${(error as Error).stack}`).toBe(true);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

describe('packCodes', () => {
  const quantization = (scheme: TensorQuantization['scheme']): TensorQuantization => tensor('weight', scheme, [1]);
  const symmetric = (bits: Partial<Parameters<typeof linearScheme>[0]>) =>
    quantization(linearScheme({ dtype: int8, mapping: 'symmetric', ...bits }));

  it('takes 1 bit for signs, whatever the type', () => {
    const codes = Int8Array.of(1, -1, -1, 1, 1, 1, -1, 1, -1);
    const { bytes, ...form } = packCodes(codes, [1, 9], symmetric({}));
    // 1 0 0 1 1 1 0 1 | 0, lowest bit first: 0b10111001, 0
    expect([...bytes]).toEqual([0b10111001, 0]);
    expect(form).toEqual({ bits: 1, signed: true, rowBytes: 2 });
    expect([...unpackCodes(bytes, form, [1, 9])]).toEqual([...codes]);
  });

  it('takes 4 bits for codes of −8…7 kept in int8, and begins every row at a byte', () => {
    const codes = Int8Array.of(1, 2, 3, -8, -1, 0);
    const { bytes, ...form } = packCodes(codes, [2, 3], symmetric({ qmin: -8, qmax: 7 }));
    expect([...bytes]).toEqual([0x21, 0x03, 0xf8, 0x00]);
    expect(form).toEqual({ bits: 4, signed: true, rowBytes: 2 });
    expect([...unpackCodes(bytes, form, [2, 3])]).toEqual([...codes]);
  });

  it.each([
    ['int4', linearScheme({ dtype: int4, mapping: 'symmetric', granularity: perAxis(0) }), 4],
    ['uint2', linearScheme({ dtype: uint2 }), 2],
    ['int8', linearScheme({ dtype: int8, mapping: 'symmetric' }), 8],
  ] as const)('brings %s codes back, for shapes with odd rows', (_, scheme, bits) => {
    const shape = [3, 5, 3];
    const { qmin, qmax } = scheme;
    const codes = (scheme.dtype.signed ? new Int8Array(45) : new Uint8Array(45)).map(
      (_v, i) => qmin + (i % (qmax - qmin + 1)),
    );
    const { bytes, ...form } = packCodes(codes, shape, quantization(scheme));
    expect(form.bits).toBe(bits);
    expect(bytes.length).toBe(3 * Math.ceil((15 * bits) / 8));
    expect([...unpackCodes(bytes, form, shape)]).toEqual([...codes]);
  });
});
