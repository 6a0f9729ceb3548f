import { crc32 } from './crc32';

/** One stored file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Sizes and offsets are 32 bits without ZIP64. */
const largestArchive = 2 ** 32 - 1;
const utf8Names = 0x0800;
/** 1980-01-01 00:00, the zero of ZIP: no clock time, equal input gives equal bytes. */
const epoch = { time: 0, date: 0x21 };
const localHeader = 30;
const centralHeader = 46;
const endRecord = 22;

/**
 * A ZIP archive of stored (uncompressed) files.
 *
 * @throws {RangeError} when it would need ZIP64: 4 GiB or 65,535 files
 * @see PKWARE APPNOTE 6.3, 4.3.7 to 4.3.16
 */
export function zipStored(entries: readonly ZipEntry[]): Uint8Array {
  const names = entries.map(({ name }) => new TextEncoder().encode(name));
  const size = entries.reduce(
    (sum, { bytes }, i) => sum + bytes.length + 2 * (names[i]?.length ?? 0) + localHeader + centralHeader,
    endRecord,
  );
  if (size > largestArchive || entries.length > 0xffff) throw new RangeError('the archive needs ZIP64');
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  const offsets: number[] = [];
  let at = 0;
  const common = (position: number, { bytes }: ZipEntry, crc: number, nameLength: number): void => {
    view.setUint16(position, 20, true);
    view.setUint16(position + 2, utf8Names, true);
    view.setUint16(position + 4, 0, true);
    view.setUint16(position + 6, epoch.time, true);
    view.setUint16(position + 8, epoch.date, true);
    view.setUint32(position + 10, crc, true);
    view.setUint32(position + 14, bytes.length, true);
    view.setUint32(position + 18, bytes.length, true);
    view.setUint16(position + 22, nameLength, true);
  };
  const crcs = entries.map(({ bytes }) => crc32(bytes));
  for (const [i, entry] of entries.entries()) {
    const name = names[i] as Uint8Array;
    offsets.push(at);
    view.setUint32(at, 0x04034b50, true);
    common(at + 4, entry, crcs[i] as number, name.length);
    out.set(name, at + localHeader);
    out.set(entry.bytes, at + localHeader + name.length);
    at += localHeader + name.length + entry.bytes.length;
  }
  const directory = at;
  for (const [i, entry] of entries.entries()) {
    const name = names[i] as Uint8Array;
    view.setUint32(at, 0x02014b50, true);
    view.setUint16(at + 4, 20, true);
    common(at + 6, entry, crcs[i] as number, name.length);
    view.setUint32(at + 42, offsets[i] as number, true);
    out.set(name, at + centralHeader);
    at += centralHeader + name.length;
  }
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, entries.length, true);
  view.setUint16(at + 10, entries.length, true);
  view.setUint32(at + 12, at - directory, true);
  view.setUint32(at + 16, directory, true);
  return out;
}

/**
 * Files of an archive that {@link zipStored} wrote, checksums verified.
 *
 * @throws {RangeError} when it is damaged, or not of stored files only
 */
export function unzipStored(archive: Uint8Array): readonly ZipEntry[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = archive.length - endRecord;
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50) throw new RangeError('no end of a ZIP directory');
  const count = view.getUint16(end + 10, true);
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new RangeError('a damaged ZIP directory');
    if (view.getUint16(at + 10, true) !== 0) throw new RangeError('a compressed file');
    const [crc, length, nameLength, start] = [
      view.getUint32(at + 16, true),
      view.getUint32(at + 24, true),
      view.getUint16(at + 28, true),
      view.getUint32(at + 42, true),
    ];
    const name = new TextDecoder().decode(archive.subarray(at + centralHeader, at + centralHeader + nameLength));
    const begin = start + localHeader + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
    const bytes = archive.subarray(begin, begin + length);
    if (bytes.length !== length || crc32(bytes) !== crc) throw new RangeError(`${name} is damaged`);
    entries.push({ name, bytes });
    at += centralHeader + nameLength;
  }
  return entries;
}
