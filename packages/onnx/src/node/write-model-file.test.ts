import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rampTensor, sampleModel } from '../../test/sample-model';
import { encodeModel } from '../codec/encode-model';
import { inlineExternalData } from '../external/inline-tensor';
import { mapInitializers } from '../external/map-initializers';
import type { Model, Tensor } from '../message/types';
import { DataType } from '../tensor/data-type';
import { tensorFromArray } from '../tensor/tensor-from-array';
import { isExternal } from '../tensor/tensor-payload';
import { tensorToFloat32 } from '../tensor/tensor-to-float32';
import { readModelFile } from './read-model-file';
import { writeModelFile } from './write-model-file';

let folder = '';
let path = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'bitwright-onnx-')));
  path = join(folder, 'out.onnx');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function externalNames(model: Model): string[] {
  const names: string[] = [];
  mapInitializers(model, (tensor) => {
    if (isExternal(tensor)) names.push(tensor.name);
    return tensor;
  });
  return names;
}

function entryOf(tensor: Tensor | undefined, key: string): string | undefined {
  return tensor?.externalData.find((entry) => entry.key === key)?.value;
}

describe('writeModelFile', () => {
  it('writes one file with the bytes of encodeModel', async () => {
    const written = await writeModelFile(sampleModel(), path);
    expect(readFileSync(path)).toEqual(Buffer.from(encodeModel(sampleModel())));
    expect(written).toEqual({
      path,
      byteLength: statSync(path).size,
      dataPath: undefined,
      dataByteLength: 0,
      externalTensors: 0,
    });
    expect(readdirSync(folder)).toEqual(['out.onnx']);
  });

  it('moves large tensors, also of subgraphs, to aligned places of one file beside the model', async () => {
    const written = await writeModelFile(sampleModel(), path, { externalData: 'always', sizeThreshold: 256 });
    expect(readdirSync(folder).sort()).toEqual(['out.onnx', 'out.onnx.data']);
    expect(written).toMatchObject({ dataPath: `${path}.data`, externalTensors: 3 });
    const { model, externalData } = await readModelFile(path);
    expect(externalNames(model)).toEqual(['w', 'big', 'inner']);
    const big = model.graph!.initializer[3];
    expect(big?.externalData.map((entry) => entry.key)).toEqual(['location', 'offset', 'length']);
    expect([entryOf(big, 'location'), entryOf(big, 'offset'), entryOf(big, 'length')]).toEqual([
      'out.onnx.data',
      '4096',
      '8192',
    ]);
    expect(written.dataByteLength).toBe(statSync(`${path}.data`).size);
    // Pulled back into memory it is the original model.
    expect(encodeModel(inlineExternalData(model, externalData.read))).toEqual(encodeModel(sampleModel()));
  });

  it('keeps the form of the source by default and can merge it into one file', async () => {
    await writeModelFile(sampleModel(), path, { externalData: 'always' });
    const { model, externalData } = await readModelFile(path);
    const copy = await writeModelFile(model, join(folder, 'copy.onnx'), { source: externalData });
    expect(copy.externalTensors).toBe(1);
    expect(readFileSync(join(folder, 'copy.onnx.data'))).toEqual(readFileSync(`${path}.data`));
    await writeModelFile(model, join(folder, 'one.onnx'), { source: externalData, externalData: 'never' });
    expect(readFileSync(join(folder, 'one.onnx'))).toEqual(Buffer.from(encodeModel(sampleModel())));
  });

  it('writes an edited model whose other tensors stay external', async () => {
    await writeModelFile(sampleModel(), path, { externalData: 'always', sizeThreshold: 1 });
    const { model, externalData } = await readModelFile(path);
    const edited = mapInitializers(model, (tensor) => {
      if (tensor.name !== 'w') return tensor;
      const values = tensorToFloat32(tensor, externalData.read);
      return tensorFromArray('w', DataType.INT8, tensor.dims, Int8Array.from(values));
    });
    const second = join(folder, 'second.onnx');
    await writeModelFile(edited, second, { source: externalData, sizeThreshold: 1 });
    const result = await readModelFile(second);
    const [w, , , big] = result.model.graph!.initializer;
    expect(w?.dataType).toBe(DataType.INT8);
    expect(tensorToFloat32(w!, result.externalData.read)).toEqual(tensorToFloat32(rampTensor('w', [108])));
    expect(tensorToFloat32(big!, result.externalData.read)).toEqual(tensorToFloat32(rampTensor('b', [2048])));
  });

  it('changes tensors one by one while writing, in both layouts', async () => {
    const halve = (tensor: Tensor): Tensor =>
      tensor.name === 'big' ? tensorFromArray('big', DataType.UINT8, [2], new Uint8Array([1, 2])) : tensor;
    for (const externalData of ['always', 'never'] as const) {
      await writeModelFile(sampleModel(), path, { externalData, mapTensor: halve, overwrite: true });
      const big = (await readModelFile(path)).model.graph!.initializer[3];
      expect(big).toMatchObject({ name: 'big', dims: [2n], dataType: DataType.UINT8 });
    }
  });

  it('moves typed payloads out as raw bytes', async () => {
    const model = sampleModel();
    const typed = rampTensor('typed', [0]);
    typed.rawData = new Uint8Array(0);
    Reflect.deleteProperty(typed, 'rawData');
    typed.dims = [3n];
    typed.floatData = [1, 2, 3];
    model.graph!.initializer = [typed];
    await writeModelFile(model, path, { externalData: 'always', sizeThreshold: 1 });
    const { model: back, externalData } = await readModelFile(path);
    expect(back.graph!.initializer[0]!.floatData).toEqual([]);
    expect(tensorToFloat32(back.graph!.initializer[0]!, externalData.read)).toEqual(new Float32Array([1, 2, 3]));
  });
});

describe('writeModelFile leaves nothing behind', () => {
  const before = (): Record<string, string> =>
    Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'hex')]));

  it('when the target exists', async () => {
    writeFileSync(path, 'precious');
    await expect(writeModelFile(sampleModel(), path)).rejects.toThrow('received an existing file');
    expect(before()).toEqual({ 'out.onnx': Buffer.from('precious').toString('hex') });
  });

  it('when only the data file exists', async () => {
    writeFileSync(`${path}.data`, 'precious');
    const writing = writeModelFile(sampleModel(), path, { externalData: 'always' });
    await expect(writing).rejects.toThrow('out.onnx.data');
    expect(Object.keys(before())).toEqual(['out.onnx.data']);
  });

  it('when the target is a folder or its folder is missing', async () => {
    mkdirSync(path);
    await expect(writeModelFile(sampleModel(), path, { overwrite: true })).rejects.toThrow('received a directory');
    await expect(writeModelFile(sampleModel(), join(folder, 'no', 'x.onnx'))).rejects.toThrow('received nothing there');
    expect(readdirSync(folder)).toEqual(['out.onnx']);
  });

  it('when a tensor is broken, half way through', async () => {
    const model = sampleModel();
    model.graph!.initializer[3]!.rawData = new Uint8Array(8191);
    await expect(writeModelFile(model, path, { externalData: 'always', sizeThreshold: 1 })).rejects.toThrow(
      'tensor "big" to have 8192 bytes',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('when it is cancelled', async () => {
    const controller = new AbortController();
    const writing = writeModelFile(sampleModel(), path, {
      externalData: 'always',
      sizeThreshold: 1,
      signal: controller.signal,
      mapTensor: (tensor) => {
        if (tensor.name === 'big') controller.abort();
        return tensor;
      },
    });
    await expect(writing).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('when the model file cannot replace what is there although the data file could', async () => {
    writeFileSync(`${path}.data`, 'old data');
    const writing = writeModelFile(sampleModel(), path, {
      externalData: 'always',
      overwrite: true,
      // A folder appears at the target after the check.
      mapTensor: (tensor) => {
        if (tensor.name === 'big') mkdirSync(path);
        return tensor;
      },
    });
    await expect(writing).rejects.toThrow('received a directory');
    expect(readdirSync(folder).sort()).toEqual(['out.onnx', 'out.onnx.data']);
    expect(readFileSync(`${path}.data`, 'utf8')).toBe('old data');
  });

  it('when external tensors have no source', async () => {
    await writeModelFile(sampleModel(), path, { externalData: 'always' });
    const { model } = await readModelFile(path);
    const other = join(folder, 'other.onnx');
    await expect(writeModelFile(model, other)).rejects.toThrow('Pass source: externalData from readModelFile');
    await expect(writeModelFile(model, other, { externalData: 'never' })).rejects.toThrow('Pass source');
    expect(existsSync(other)).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('when the file name cannot be a location', async () => {
    const bad = join(folder, 'C:model.onnx');
    await expect(writeModelFile(sampleModel(), bad, { externalData: 'always' })).rejects.toThrow('a drive letter');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('when the model is too large for one file', async () => {
    const model = sampleModel();
    const tensor = rampTensor('huge', [0]);
    tensor.dims = [2n ** 30n];
    model.graph!.initializer.push(tensor);
    await expect(writeModelFile(model, path, { externalData: 'never' })).rejects.toThrow("externalData: 'always'");
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('writeModelFile with overwrite', () => {
  it('replaces both files, even those it reads from', async () => {
    await writeModelFile(sampleModel(), path, { externalData: 'always' });
    const { model, externalData } = await readModelFile(path);
    await writeModelFile(model, path, { source: externalData, overwrite: true, sizeThreshold: 1 });
    expect(readdirSync(folder).sort()).toEqual(['out.onnx', 'out.onnx.data']);
    const again = await readModelFile(path);
    expect(encodeModel(inlineExternalData(again.model, again.externalData.read))).toEqual(encodeModel(sampleModel()));
  });

  it.skipIf(process.platform === 'win32')('replaces a symbolic link instead of writing through it', async () => {
    writeFileSync(join(folder, 'elsewhere'), 'precious');
    symlinkSync('elsewhere', path);
    await expect(writeModelFile(sampleModel(), path)).rejects.toThrow('received an existing file');
    await writeModelFile(sampleModel(), path, { overwrite: true });
    expect(readFileSync(join(folder, 'elsewhere'), 'utf8')).toBe('precious');
    expect((await readModelFile(path)).model.graph?.name).toBe('sample');
  });
});
