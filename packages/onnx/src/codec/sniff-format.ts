interface Signature {
  readonly at: number;
  readonly bytes: readonly number[];
  readonly format: string;
}

function ascii(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}

const signatures: readonly Signature[] = [
  { at: 0, bytes: [0xff, 0xd8, 0xff], format: 'a JPEG image' },
  { at: 0, bytes: [0x89, ...ascii('PNG')], format: 'a PNG image' },
  { at: 0, bytes: ascii('GIF8'), format: 'a GIF image' },
  { at: 8, bytes: ascii('WEBP'), format: 'a WebP image' },
  { at: 0, bytes: [...ascii('PK'), 3, 4], format: 'a zip archive (.npz, .pt, .keras and .zip look like this)' },
  { at: 0, bytes: [0x1f, 0x8b], format: 'a gzip archive' },
  { at: 0, bytes: [0x89, ...ascii('HDF')], format: 'an HDF5 file (Keras .h5)' },
  { at: 0, bytes: [0x93, ...ascii('NUMPY')], format: 'a NumPy .npy file' },
  { at: 4, bytes: ascii('TFL3'), format: 'a TensorFlow Lite model' },
  { at: 4, bytes: ascii('ORTM'), format: 'a model in the .ort format of onnxruntime' },
  { at: 0, bytes: ascii('BITWRGHT'), format: 'a packed model (`bitwright run` takes it)' },
  { at: 0, bytes: ascii('%PDF'), format: 'a PDF document' },
  {
    at: 0,
    bytes: ascii('version https://git-lfs'),
    format: 'a Git LFS pointer instead of the file (run: git lfs pull)',
  },
  { at: 0, bytes: [0x80, 0x02], format: 'a Python pickle' },
];

const markup = /^\s*<(!doctype|html|\?xml|svg|!--)/i;
const json = /^\s*[{[]\s*(["{[\]}]|$)/;
const textProto = /^\s*(ir_version|producer_name|graph|opset_import)\s*[:{]/;

/** Names the file format that bytes look like when they are not an ONNX model; `undefined` when nothing fits. */
export function sniffFormat(bytes: Uint8Array): string | undefined {
  const signature = signatures.find(({ at, bytes: magic }) => magic.every((byte, i) => bytes[at + i] === byte));
  if (signature !== undefined) return signature.format;
  const start = String.fromCharCode(...bytes.subarray(0, 256));
  if (markup.test(start)) return 'an HTML or XML page (a failed download?)';
  if (json.test(start)) return 'JSON text';
  if (textProto.test(start)) return 'an ONNX model in text form';
  return bytes.length > 0 && bytes.every((byte) => byte === 0) ? 'only zero bytes' : undefined;
}
