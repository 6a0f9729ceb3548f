/** The JSON header of a packed file. */
export function openPackedHeader(bytes: Uint8Array): Record<string, unknown> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(16, true));
  return JSON.parse(new TextDecoder().decode(bytes.subarray(64, 64 + length))) as Record<string, unknown>;
}

/** A packed file with another JSON header; checksums are left as they were. */
export function withPackedHeader(bytes: Uint8Array, header: unknown): Uint8Array {
  const from = new DataView(bytes.buffer, bytes.byteOffset);
  const data = bytes.subarray(Number(from.getBigUint64(24, true)));
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = Math.ceil((64 + json.length) / 4096) * 4096;
  const result = new Uint8Array(start + data.length);
  result.set(bytes.subarray(0, 64));
  result.set(json, 64);
  result.set(data, start);
  const view = new DataView(result.buffer);
  view.setBigUint64(16, BigInt(json.length), true);
  view.setBigUint64(24, BigInt(start), true);
  return result;
}
