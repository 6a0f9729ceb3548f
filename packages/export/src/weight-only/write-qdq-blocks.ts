import { DataType, intAttribute, type Tensor, tensorFromArray, tensorFromFloat32 } from '@bitwright/onnx';
import type { Weight } from './find-weights';
import { transpose } from './read-weight';
import { type BlockCodes, blocksPerRow } from './weight-codes';
import { homeOf, refuseSite, type SiteWriter, type WeightWriter, withWeight } from './weight-writer';

const signedType = { 2: DataType.INT2, 4: DataType.INT4, 8: DataType.INT8 } as const;
const unsignedType = { 2: DataType.UINT2, 4: DataType.UINT4, 8: DataType.UINT8 } as const;

/**
 * Block codes in standard operators: DequantizeLinear with `block_size` over a [K,N] tensor in front of the MatMul or Gemm, which
 * onnxruntime fuses into MatMulNBits. Without zero points the codes are signed (2^(bits−1) subtracted), else unsigned.
 *
 * @see ONNX DequantizeLinear-21 (4 bits), -25 (2 bits)
 */
export function qdqBlocksWriter(weight: Weight, codes: BlockCodes, writer: WeightWriter): SiteWriter {
  const { rows, columns, blockSize, bits, zeroPoint } = codes;
  const home = homeOf(weight);
  const blocks = blocksPerRow(columns, blockSize);
  const isSigned = zeroPoint === undefined;
  const type = isSigned ? signedType[bits] : unsignedType[bits];
  const codeTensor = (name: string, values: Uint8Array, dims: readonly number[]): Tensor => {
    if (!isSigned) return tensorFromArray(name, type, dims, values);
    const middle = 2 ** (bits - 1);
    return tensorFromArray(
      name,
      type,
      dims,
      Int8Array.from(values, (code) => code - middle),
    );
  };
  const data = writer.add(home, `${weight.name}_q${bits}`, (name) =>
    codeTensor(name, transpose(codes.codes, rows, columns), [columns, rows]),
  );
  const scale = writer.add(home, `${weight.name}_scale`, (name) =>
    tensorFromFloat32(name, weight.dataType, [blocks, rows], transpose(codes.scale, rows, blocks)),
  );
  const zeroPoints = isSigned
    ? []
    : [
        writer.add(home, `${weight.name}_zero_point`, (name) =>
          codeTensor(name, transpose(Uint8Array.from(zeroPoint), rows, blocks), [blocks, rows]),
        ),
      ];
  return (site) => {
    if (site.kind !== 'matmul' && site.kind !== 'gemm') return refuseSite(site, weight, `${bits}-bit QDQ codes`);
    const real = writer.names.value(`${weight.name}_DequantizeLinear_Output`);
    const attributes = site.node.attribute.filter((attribute) => attribute.name !== 'transB');
    return [
      {
        opType: 'DequantizeLinear',
        inputs: [data, scale, ...zeroPoints],
        outputs: [real],
        attributes: [intAttribute('axis', 0), intAttribute('block_size', blockSize)],
      },
      withWeight(site, real, attributes),
    ];
  };
}
