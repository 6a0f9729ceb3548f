import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { memorySource } from './byte-source';
import { encodeNpy } from './npy';
import { openNpz } from './npz';

const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, index) => index % 17);
const array = (dims: number[]): Uint8Array =>
  encodeNpy({ type: 'float32', dims, data: ramp(dims.reduce((product, dim) => product * dim, 1)) });

/** One stored entry with zip64 sizes, the way np.savez writes it. */
function zip64(name: string, data: Uint8Array): Uint8Array {
  const label = strToU8(name);
  const local = new Uint8Array(30 + label.length + 20);
  const localView = new DataView(local.buffer);
  localView.setUint32(0, 0x04034b50, true);
  localView.setUint16(26, label.length, true);
  localView.setUint16(28, 20, true);
  local.set(label, 30);
  const entry = new Uint8Array(46 + label.length + 20);
  const view = new DataView(entry.buffer);
  view.setUint32(0, 0x02014b50, true);
  view.setUint32(20, 0xffffffff, true);
  view.setUint32(24, 0xffffffff, true);
  view.setUint16(28, label.length, true);
  view.setUint16(30, 20, true);
  entry.set(label, 46);
  view.setUint16(46 + label.length, 1, true);
  view.setUint16(46 + label.length + 2, 16, true);
  view.setBigUint64(46 + label.length + 4, BigInt(data.length), true);
  view.setBigUint64(46 + label.length + 12, BigInt(data.length), true);
  const end = new Uint8Array(22);
  const endView = new DataView(end.buffer);
  endView.setUint32(0, 0x06054b50, true);
  endView.setUint16(10, 1, true);
  endView.setUint32(12, entry.length, true);
  endView.setUint32(16, local.length + data.length, true);
  return Uint8Array.from([...local, ...data, ...entry, ...end]);
}

describe('openNpz', () => {
  it.each([0, 6] as const)('reads arrays by name at compression level %i', async (level) => {
    const bytes = zipSync(
      { 'x.npy': array([6, 3]), 'group/y.npy': array([4]), 'readme.txt': strToU8('hi') },
      { level },
    );
    const archive = await openNpz(memorySource('a.npz', bytes));
    expect(archive.names).toEqual(['x', 'group/y']);
    expect(archive.otherEntries).toEqual(['readme.txt']);
    const x = await archive.open('x');
    expect(x.dims).toEqual([6, 3]);
    expect(await x.readRows([5])).toEqual([Float32Array.of(15, 16, 0)]);
    await expect(archive.open('z')).rejects.toThrow(/an array 'z'.*x, group\/y/);
  });

  it('reads 64-bit sizes', async () => {
    const archive = await openNpz(memorySource('a.npz', zip64('x.npy', array([5]))));
    expect(await (await archive.open('x')).readAll()).toEqual(ramp(5));
  });

  it('refuses entries that expand beyond the limits before inflating them', async () => {
    const bomb = zipSync({ 'x.npy': new Uint8Array(8 * 2 ** 20) }, { level: 9 });
    const source = memorySource('bomb.npz', bomb);
    const tight = await openNpz(source, { inflatedBytes: 2 ** 20, ratio: 200, ratioFromBytes: 2 ** 30 });
    await expect(tight.open('x')).rejects.toThrow(/at most 1048576 bytes/);
    const ratio = await openNpz(source, { inflatedBytes: 2 ** 30, ratio: 200, ratioFromBytes: 2 ** 20 });
    await expect(ratio.open('x')).rejects.toThrow(/expanding \d+ times/);
  });

  it('refuses entries that inflate to more or less than they declare', async () => {
    for (const declared of [4096, 2 ** 20]) {
      const bytes = zipSync({ 'x.npy': new Uint8Array(100_000) }, { level: 6 });
      const directory = bytes.lastIndexOf(0x50, bytes.length - 23);
      const view = new DataView(bytes.buffer);
      let entry = directory;
      while (view.getUint32(entry, true) !== 0x02014b50) entry--;
      view.setUint32(entry + 24, declared, true);
      const archive = await openNpz(memorySource('lie.npz', bytes));
      await expect(archive.open('x')).rejects.toThrow(new RegExp(`${declared} bytes after inflating`));
    }
  });

  it('refuses corrupted data by checksum', async () => {
    const plain = zipSync({ 'x.npy': array([500]) }, { level: 6 });
    const bytes = plain.slice();
    const view = new DataView(bytes.buffer);
    let entry = bytes.length - 22;
    while (view.getUint32(entry, true) !== 0x02014b50) entry--;
    view.setUint32(entry + 16, 123, true);
    const archive = await openNpz(memorySource('bad.npz', bytes));
    await expect(archive.open('x')).rejects.toThrow(/checksum/);
  });

  it('refuses unsafe entry names, even though nothing is written', async () => {
    for (const name of ['../x.npy', '/etc/x.npy', 'a\\..\\x.npy', 'C:x.npy']) {
      const bytes = zipSync({ [name]: array([2]) });
      await expect(openNpz(memorySource('a.npz', bytes))).rejects.toThrow(/relative entry names/);
    }
  });

  it('gives a typed error for every truncation and for bytes changed at random', async () => {
    const whole = zipSync({ 'x.npy': array([8, 2]) }, { level: 6 });
    const attempt = async (bytes: Uint8Array): Promise<void> => {
      const archive = await openNpz(memorySource('t.npz', bytes));
      await (await archive.open(archive.names[0] ?? '')).readAll();
    };
    for (let length = 0; length < whole.length; length++) {
      await expect(attempt(whole.slice(0, length))).rejects.toMatchObject({ code: 'ERR_INPUT_DATA' });
    }
    for (let index = 0; index < whole.length; index++) {
      const changed = whole.slice();
      changed[index] = (changed[index]! + 1 + ((index * 37) % 255)) & 0xff;
      await attempt(changed).catch((error: unknown) => expect(error).toMatchObject({ code: 'ERR_INPUT_DATA' }));
    }
  });

  it('refuses an archive without arrays', async () => {
    await expect(openNpz(memorySource('a.npz', zipSync({ 'a.txt': strToU8('x') })))).rejects.toThrow(/\.npy array/);
  });
});
