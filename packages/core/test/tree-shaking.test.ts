import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const source = new URL('../src/', import.meta.url).pathname;

/** Files of src/ that end up with code in a bundle of one import. */
async function bundledFiles(names: string): Promise<{ files: string[]; bytes: number }> {
  const result = await build({
    stdin: { contents: `export { ${names} } from './index';`, resolveDir: source, loader: 'ts' },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    metafile: true,
    absWorkingDir: source,
    logLevel: 'silent',
  });
  const output = Object.values(result.metafile.outputs)[0];
  const files = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { files: files.map(([file]) => file).sort(), bytes: output?.bytes ?? 0 };
}

const otherFormats =
  /format\/|float\/|integer\/|observer\/|range-selection\/|target\/|quantization-spec|reference-backend/;

describe('tree-shaking', () => {
  it('one preset brings its scheme and nothing of other formats, observers or targets', async () => {
    const { files } = await bundledFiles('int8Weight');
    expect(files).toContain('scheme.ts');
    expect(files.filter((file) => otherFormats.test(file))).toEqual([]);
  });

  it('quantize brings no other format, and stays small', async () => {
    const { files, bytes } = await bundledFiles('quantize');
    expect(files).toContain('quantize.ts');
    expect(files.filter((file) => otherFormats.test(file))).toEqual([]);
    expect(bytes).toBeLessThan(6000);
  });

  it('one non-linear format does not bring the others', async () => {
    const { files } = await bundledFiles('binaryFormat, binaryScheme');
    expect(files).toContain('format/binary.ts');
    expect(files.filter((file) => /apot|ternary|codebook|logarithmic|linear\.ts|number-formats/.test(file))).toEqual(
      [],
    );
  });

  it('a float format is data alone', async () => {
    const { files } = await bundledFiles('float8E4M3FN');
    expect(files).toEqual(['float/float-formats.ts']);
  });
});
