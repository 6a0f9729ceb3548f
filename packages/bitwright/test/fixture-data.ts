import sharp from 'sharp';
import { encodeNpy } from '../src/data/npy';

/** `count` smooth images [count,3,8,8] of values between −1 and 1. */
export function imageData(count: number): Float32Array {
  return Float32Array.from({ length: count * 192 }, (_, i) => Math.sin(i * 0.37 + Math.floor(i / 192)));
}

/** The same as a .npy file. */
export function imagesNpy(count: number, data: Float32Array = imageData(count)): Uint8Array {
  return encodeNpy({ type: 'float32', dims: [count, 3, 8, 8], data });
}

/** `count` labels of 0…4 as a .npy file. */
export function labelsNpy(count: number): Uint8Array {
  return encodeNpy({
    type: 'int64',
    dims: [count],
    data: BigInt64Array.from({ length: count }, (_, i) => BigInt(i % 5)),
  });
}

/** The smallest JPEG header that programs recognize. */
export const jpegBytes: Uint8Array = Uint8Array.of(
  0xff,
  0xd8,
  0xff,
  0xe0,
  0,
  16,
  0x4a,
  0x46,
  0x49,
  0x46,
  0,
  1,
  1,
  0,
  0,
  1,
);

/** A green image of 8×8. */
export function pngBytes(): Promise<Uint8Array> {
  const background = { r: 40, g: 90, b: 10 };
  return sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer();
}
