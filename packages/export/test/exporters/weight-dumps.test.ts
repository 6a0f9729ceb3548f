import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTarget, int4, linearScheme, quantize, specToJson, type TensorQuantization } from '@bitwright/core';
import { tensorToFloat32 } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/npz/crc32';
import { npyHeader, readNpyHeader } from '../../src/npz/npy';
import { npzExporter } from '../../src/npz/npz-exporter';
import { unzipStored } from '../../src/npz/zip';
import { safetensorsExporter } from '../../src/safetensors/safetensors-exporter';
import { oneConvolution, specOf, tensor, unsigned } from './hand-made-spec';
import { sampleSpec } from './sample-spec';

const { model, spec } = sampleSpec(findTarget('ort-x64'));

function codesOf(name: string): ArrayLike<number> {
  const constant = model.graph!.initializer.find((each) => each.name === name)!;
  const { scheme, qparams } = spec.tensors[name]!;
  return quantize({ data: tensorToFloat32(constant), shape: constant.dims.map(Number) }, scheme, qparams);
}

const python = process.env['BITWRIGHT_PYTHON'] ?? 'python3';
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0;

describe('.npz', () => {
  it('has the header numpy writes', () => {
    // np.save of np.zeros((2, 3), np.float32): 128 bytes of header, dictionary as below.
    const header = npyHeader('float32', [2, 3]);
    expect(header.length % 64).toBe(0);
    expect(Buffer.from(header.subarray(0, 69)).toString('latin1')).toBe(
      "\u0093NUMPY\u0001\u0000v\u0000{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
    );
    expect(header.at(-1)).toBe(10);
    for (const shape of [[], [3], [2, 3, 4]])
      expect(readNpyHeader(npyHeader('int8', shape))).toMatchObject({ type: 'int8', shape });
  });

  it('has the checksums of ZIP', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
  });

  it('holds codes, scales, zero points and the spec', () => {
    const entries = new Map(
      unzipStored(npzExporter.write(spec, model)[0]!.bytes).map(({ name, bytes }) => [name, bytes]),
    );
    const weights = entries.get('conv1.w.npy')!;
    const { start, shape } = readNpyHeader(weights)!;
    expect(shape).toEqual([4, 4, 3, 3]);
    expect([...new Int8Array(weights.slice(start).buffer)]).toEqual(Array.from(codesOf('conv1.w')));
    expect(entries.has('x.scale.npy') && entries.has('conv1.b.zero_point.npy')).toBe(true);
  });

  it('finds a flipped byte', () => {
    const file = npzExporter.write(spec, model)[0]!;
    const bytes = file.bytes.slice();
    bytes[300] = bytes[300]! ^ 1;
    expect(npzExporter.validate([{ ...file, bytes }])[0]!.received).toContain('damaged');
  });

  it.skipIf(!hasNumpy)('is read by numpy (skipped without a Python that has numpy)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitwright-npz-'));
    try {
      const path = join(folder, 'model.npz');
      writeFileSync(path, npzExporter.write(spec, model)[0]!.bytes);
      const script = `
import numpy, json, sys
data = numpy.load(sys.argv[1])
w = data["conv1.w"]
print(json.dumps({"dtype": str(w.dtype), "shape": w.shape, "codes": w.flatten().tolist(), "spec": bytes(data["bitwright.spec"]).decode()}))`;
      const { stdout } = spawnSync(python, ['-c', script, path], { encoding: 'utf8' });
      expect(JSON.parse(stdout)).toEqual({
        dtype: 'int8',
        shape: [4, 4, 3, 3],
        codes: Array.from(codesOf('conv1.w')),
        spec: specToJson(spec),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('.safetensors', () => {
  const file = safetensorsExporter.write(spec, model)[0]!;
  const length = Number(new DataView(file.bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.bytes.subarray(8, 8 + length)));

  it('has a header of a multiple of 8 bytes, and arrays aligned to their elements', () => {
    expect(length % 8).toBe(0);
    for (const [name, entry] of Object.entries<{ dtype: string; data_offsets: number[] }>(header)) {
      if (name === '__metadata__') continue;
      const width = { F32: 4, I32: 4, I8: 1, I64: 8, U8: 1 }[entry.dtype]!;
      expect(entry.data_offsets[0]! % width, name).toBe(0);
    }
  });

  it('holds the codes under the name of the weight', () => {
    const { dtype, shape, data_offsets: offsets } = header['conv1.w'];
    expect([dtype, shape]).toEqual(['I8', [4, 4, 3, 3]]);
    const bytes = file.bytes.slice(8 + length + offsets[0], 8 + length + offsets[1]);
    expect([...new Int8Array(bytes.buffer)]).toEqual(Array.from(codesOf('conv1.w')));
  });

  it('refuses holes, overlaps and bytes behind the last array', () => {
    const changed = (change: (entries: typeof header) => void): number => {
      const copy = structuredClone(header);
      change(copy);
      const json = new TextEncoder().encode(JSON.stringify(copy).padEnd(length));
      const bytes = new Uint8Array(8 + json.length + file.bytes.length - 8 - length);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
      bytes.set(json, 8);
      bytes.set(file.bytes.subarray(8 + length), 8 + json.length);
      return safetensorsExporter.validate([{ path: file.path, bytes }]).length;
    };
    expect(changed(() => undefined)).toBe(0);
    expect(changed((h) => delete h['conv1.w'])).toBeGreaterThan(0);
    expect(changed((h) => (h['conv1.w'].data_offsets = [0, 144]))).toBeGreaterThan(0);
    expect(changed((h) => (h['conv1.w'].shape = [4, 4, 3, 2]))).toBeGreaterThan(0);
    expect(changed((h) => delete h.__metadata__)).toBe(1);
    const longer = new Uint8Array(file.bytes.length + 1);
    longer.set(file.bytes);
    expect(safetensorsExporter.validate([{ path: file.path, bytes: longer }])).toHaveLength(1);
  });

  it('packs 4-bit codes, low bits first', () => {
    const scheme = linearScheme({ dtype: int4, mapping: 'symmetric' });
    const fourBits: TensorQuantization = tensor('weight', scheme, [0.2]);
    // 1.27, −0.5, 0.25, 0.635 over 0.2, ties to even: 6, −2 (−2.5), 1, 3 → bytes 0xe6, 0x31.
    const one = specOf({ input_1: tensor('activation', unsigned, [0.1]), w: fourBits });
    const { bytes } = safetensorsExporter.write(one, oneConvolution())[0]!;
    const size = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const entry = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)))['w'];
    expect(entry).toMatchObject({ dtype: 'U8', shape: [2] });
    expect([...bytes.subarray(8 + size + entry.data_offsets[0], 8 + size + entry.data_offsets[1])]).toEqual([
      0xe6, 0x31,
    ]);
  });
});
