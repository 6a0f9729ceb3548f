import { createHash } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rampTensor } from '../../test/sample-model';
import { tensorAttribute } from '../attribute/build-attribute';
import { encodeModel } from '../codec/encode-model';
import { SparseTensorProtoSchema, StringStringEntryProtoSchema } from '../generated/onnx_pb';
import { createGraph, createModel, createNode } from '../message/create';
import type { Model, Tensor } from '../message/types';
import { tensorToFloat32 } from '../tensor/tensor-to-float32';
import type { ReadModelOptions } from './read-model-file';
import { readModelFile } from './read-model-file';

let root = '';
let folder = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'bitwright-onnx-')));
  folder = join(root, 'model');
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Float tensor [4] (16 bytes) whose elements lie in another file. */
function externalTensor(entries: Readonly<Record<string, string>>, dims: readonly bigint[] = [4n]): Tensor {
  const tensor = rampTensor('w', [0]);
  tensor.rawData = new Uint8Array(0);
  tensor.dims = [...dims];
  tensor.dataLocation = 1;
  tensor.externalData = Object.entries(entries).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  return tensor;
}

function modelWith(...initializers: Tensor[]): Model {
  const graph = createGraph({ name: 'g', nodes: [], inputs: [], outputs: [], initializers });
  return createModel({ graph, opsets: { '': 17 }, irVersion: 8 });
}

function writeModel(model: Model): string {
  const path = join(folder, 'm.onnx');
  writeFileSync(path, encodeModel(model));
  return path;
}

function read(entries: Readonly<Record<string, string>>, options?: ReadModelOptions) {
  return readModelFile(writeModel(modelWith(externalTensor(entries))), options);
}

const values = new Float32Array([0, 1, 2, 3]);
const payload = new Uint8Array(values.buffer);
const isWindows = process.platform === 'win32';

describe('readModelFile', () => {
  it('reads external tensors by offset, from the folder and below it', async () => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'w.bin'), Buffer.concat([Buffer.alloc(100, 0xee), payload, Buffer.alloc(5)]));
    const { model, externalData } = await read({ location: 'sub/w.bin', offset: '100', length: '16' });
    const tensor = model.graph!.initializer[0]!;
    expect(tensorToFloat32(tensor, externalData.read)).toEqual(values);
    const pieces = [...externalData.readChunks(tensor, 7)].map((piece) => piece.length);
    expect(pieces).toEqual([7, 7, 2]);
    expect(Buffer.concat([...externalData.readChunks(tensor, 7)].map((piece) => Uint8Array.from(piece))).length).toBe(
      16,
    );
  });

  it('warns about unknown keys and goes on', async () => {
    writeFileSync(join(folder, 'w.bin'), payload);
    const { externalData } = await read({ location: 'w.bin', basepath: '/etc' });
    expect(externalData.warnings).toEqual(['tensor "w": external_data keys ignored: basepath']);
  });

  it.each([
    ['a missing file', 'nothing.onnx', 'ENOENT'],
    ['a directory', '.', 'received a directory'],
  ])('names %s', async (_, name, message) => {
    await expect(readModelFile(join(folder, name))).rejects.toThrow(message);
  });

  it('names the file that is empty or no model', async () => {
    const path = join(folder, 'a.onnx');
    writeFileSync(path, '');
    await expect(readModelFile(path)).rejects.toThrow(`a.onnx" to be a serialized ONNX model, received an empty file`);
    writeFileSync(path, Buffer.from([0xff, 0xd8, 0xff, 0xe0]));
    await expect(readModelFile(path)).rejects.toThrow('received a JPEG image');
  });
});

describe('hostile external data', () => {
  beforeEach(() => {
    writeFileSync(join(folder, 'w.bin'), payload);
    writeFileSync(join(root, 'secret'), Buffer.alloc(16, 7));
  });

  it.each([
    ['a parent folder', '../secret', 'leaves the folder'],
    ['an absolute path', '/etc/hostname', 'an absolute path'],
    ['a hidden parent folder', 'x/../../secret', 'leaves the folder'],
    ['a directory', '../model/..', 'leaves the folder'],
    ['a missing file', 'gone.bin', 'ENOENT'],
    ['the folder through a file', 'w.bin/x', 'ENOTDIR'],
  ])('refuses %s', async (_, location, message) => {
    if (isWindows && message === 'ENOTDIR') return;
    await expect(read({ location })).rejects.toThrow(message);
  });

  it('refuses a directory as data file', async () => {
    mkdirSync(join(folder, 'd'));
    await expect(read({ location: 'd' })).rejects.toThrow('received a directory');
  });

  it.skipIf(isWindows)('refuses a pipe without waiting for a writer', async () => {
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(read({ location: 'pipe' })).rejects.toThrow('a device, socket or pipe');
    await expect(readModelFile(join(folder, 'pipe'))).rejects.toThrow('a device, socket or pipe');
  });

  it.skipIf(isWindows).each([
    ['out of the folder', '../secret'],
    ['within the folder', 'w.bin'],
    ['to nowhere', 'gone'],
  ])('refuses a symbolic link %s', async (_, target) => {
    symlinkSync(target, join(folder, 'link.bin'));
    await expect(read({ location: 'link.bin' })).rejects.toThrow('received a symbolic link. If you trust this model');
  });

  it.skipIf(isWindows)('refuses a file reached through a folder link that leads out', async () => {
    symlinkSync('..', join(folder, 'up'));
    await expect(read({ location: 'up/secret' })).rejects.toThrow('outside of it');
  });

  it.skipIf(isWindows)('refuses a hard link', async () => {
    linkSync(join(root, 'secret'), join(folder, 'hard.bin'));
    await expect(read({ location: 'hard.bin' })).rejects.toThrow('a file with 2 hard links');
  });

  it.skipIf(isWindows)('follows links when they are allowed', async () => {
    symlinkSync('../secret', join(folder, 'link.bin'));
    linkSync(join(root, 'secret'), join(folder, 'hard.bin'));
    for (const location of ['link.bin', 'hard.bin']) {
      const { model, externalData } = await read({ location }, { allowLinks: true });
      expect(externalData.read(model.graph!.initializer[0]!)).toEqual(new Uint8Array(16).fill(7));
    }
  });

  it.each([
    ['past the end', { offset: '8' }, 'to end within "w.bin" (16 bytes), received offset 8 + length 16'],
    ['negative offset', { offset: '-16' }, 'a decimal offset'],
    ['huge offset', { offset: '9007199254740000' }, 'to end within'],
    ['huge length', { length: '9007199254740991' }, 'an external length of 16 bytes'],
    ['short length', { length: '8' }, 'an external length of 16 bytes'],
    ['negative length', { length: '-1' }, 'a decimal length'],
  ])('refuses %s', async (_, entries, message) => {
    await expect(read({ location: 'w.bin', ...entries })).rejects.toThrow(message);
  });

  it('refuses tensors larger than their file without allocating them', async () => {
    const before = process.memoryUsage().rss;
    for (const dims of [[2n ** 40n], [2n ** 32n, 2n ** 32n], [2n ** 62n, 2n ** 62n]]) {
      const path = writeModel(modelWith(externalTensor({ location: 'w.bin' }, dims)));
      await expect(readModelFile(path)).rejects.toThrow(/to end within|2\^53/);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
  });

  it('refuses more external bytes than the limit', async () => {
    const model = modelWith(externalTensor({ location: 'w.bin' }), externalTensor({ location: 'w.bin' }));
    await expect(readModelFile(writeModel(model), { maxExternalBytes: 31 })).rejects.toThrow('raise maxExternalBytes');
  });

  it('checks the checksum of the file when the model states one', async () => {
    const checksum = createHash('sha1').update(payload).digest('hex');
    await expect(read({ location: 'w.bin', checksum: checksum.toUpperCase() })).resolves.toBeDefined();
    const wrong = '0'.repeat(40);
    await expect(read({ location: 'w.bin', checksum: wrong })).rejects.toThrow(`SHA-1 ${wrong} for "w.bin"`);
    await expect(read({ location: 'w.bin', checksum: wrong }, { verifyChecksums: false })).resolves.toBeDefined();
  });

  it('refuses external data in attributes and sparse tensors', async () => {
    const tensor = externalTensor({ location: 'w.bin' });
    const model = modelWith();
    const attributes = [tensorAttribute('value', tensor)];
    model.graph!.node.push(createNode({ opType: 'Constant', inputs: [], outputs: ['k'], attributes }));
    await expect(readModelFile(writeModel(model))).rejects.toThrow('tensor "w" in a node attribute');
    const sparse = modelWith();
    sparse.graph!.sparseInitializer.push(create(SparseTensorProtoSchema, { values: tensor }));
    await expect(readModelFile(writeModel(sparse))).rejects.toThrow('tensor "w" in a sparse tensor');
  });

  it('refuses a file that was exchanged or changed after the check', async () => {
    const { model, externalData } = await read({ location: 'w.bin' });
    const tensor = model.graph!.initializer[0]!;
    expect(externalData.read(tensor)).toEqual(payload);
    renameSync(join(root, 'secret'), join(folder, 'w.bin'));
    expect(() => externalData.read(tensor)).toThrow('another file put in its place meanwhile');
    const second = await read({ location: 'w.bin' });
    writeFileSync(join(folder, 'w.bin'), Buffer.alloc(20));
    expect(() => second.externalData.read(tensor)).toThrow('Read the model again');
  });

  it('checks tensors that were added to the model later', async () => {
    const { externalData } = await read({ location: 'w.bin' });
    expect(() => externalData.read(externalTensor({ location: '../secret' }))).toThrow('leaves the folder');
    expect(() => externalData.read(externalTensor({ location: 'w.bin', offset: '1' }))).toThrow('to end within');
  });
});
