/** Fields of one message as they come: the little of the protobuf wire format that the parameter file needs. */
export interface WireWriter {
  /** int32, bool and enum. */
  readonly varint: (field: number, value: number) => WireWriter;
  /** float. */
  readonly float: (field: number, value: number) => WireWriter;
  readonly text: (field: number, value: string) => WireWriter;
  readonly message: (field: number, value: WireWriter) => WireWriter;
  readonly bytes: () => Uint8Array;
}

/** Starts a message. */
export function wireWriter(): WireWriter {
  const out: number[] = [];
  const pushVarint = (value: bigint): void => {
    let rest = BigInt.asUintN(64, value);
    for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
    out.push(Number(rest));
  };
  const pushTag = (field: number, wireType: number): void => pushVarint(BigInt(field * 8 + wireType));
  const pushBytes = (field: number, bytes: Uint8Array): WireWriter => {
    pushTag(field, 2);
    pushVarint(BigInt(bytes.length));
    for (const byte of bytes) out.push(byte);
    return writer;
  };
  const writer: WireWriter = {
    varint(field, value) {
      pushTag(field, 0);
      pushVarint(BigInt(value));
      return writer;
    },
    float(field, value) {
      pushTag(field, 5);
      out.push(...new Uint8Array(Float32Array.of(value).buffer));
      return writer;
    },
    text: (field, value) => pushBytes(field, new TextEncoder().encode(value)),
    message: (field, value) => pushBytes(field, value.bytes()),
    bytes: () => Uint8Array.from(out),
  };
  return writer;
}

/** One field read from the wire: a number for varint and fixed32 fields, bytes for the rest. */
export interface WireField {
  readonly field: number;
  readonly value: number | Uint8Array;
}

/**
 * Splits a message into its fields.
 *
 * @throws {RangeError} when the bytes end inside a field or use a wire type that the format has not
 */
export function readWire(bytes: Uint8Array): readonly WireField[] {
  const fields: WireField[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('the bytes end inside a number');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    throw new RangeError('a number longer than 64 bits');
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = tag >>> 3;
    if ((tag & 7) === 0) {
      fields.push({ field, value: Number(varint()) });
    } else if ((tag & 7) === 5) {
      if (at + 4 > bytes.length) throw new RangeError('the bytes end inside a float');
      fields.push({ field, value: view.getFloat32(at, true) });
      at += 4;
    } else if ((tag & 7) === 2) {
      const length = Number(varint());
      if (length < 0 || at + length > bytes.length) throw new RangeError('the bytes end inside a message');
      fields.push({ field, value: bytes.subarray(at, at + length) });
      at += length;
    } else {
      throw new RangeError(`wire type ${tag & 7}`);
    }
  }
  return fields;
}
