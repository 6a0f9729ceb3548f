import { lookupLevels } from './lookup-levels';
import { blocksPerRow, rowZeroPoint, type WeightCodes } from './weight-codes';

/** The real weights [N,K] that codes stand for, in float32: what a runtime multiplies with. */
export function dequantizeCodes(codes: WeightCodes): Float32Array {
  const { rows, columns } = codes;
  const real = new Float32Array(rows * columns);
  if (codes.kind === 'lookup') {
    const levels = lookupLevels[codes.levels];
    for (let i = 0; i < real.length; i++) {
      const absmax = codes.absmax[Math.floor(i / codes.blockSize)] as number;
      real[i] = absmax * (levels[codes.codes[i] as number] as number);
    }
    return real;
  }
  if (codes.kind === 'rows') {
    const zeroPoint = rowZeroPoint(codes.codes);
    for (let i = 0; i < real.length; i++) {
      const scale = codes.scale[codes.scale.length === 1 ? 0 : Math.floor(i / columns)] as number;
      real[i] = scale * ((codes.codes[i] as number) - zeroPoint);
    }
    return real;
  }
  const blocks = blocksPerRow(columns, codes.blockSize);
  const middle = 2 ** (codes.bits - 1);
  for (let n = 0; n < rows; n++) {
    for (let k = 0; k < columns; k++) {
      const g = n * blocks + Math.floor(k / codes.blockSize);
      const zeroPoint = codes.zeroPoint === undefined ? middle : (codes.zeroPoint[g] as number);
      const i = n * columns + k;
      real[i] = (codes.scale[g] as number) * Math.fround((codes.codes[i] as number) - zeroPoint);
    }
  }
  return real;
}
