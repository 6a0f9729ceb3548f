import { ExportError } from '@bitwright/core';
import { DataType, intAttribute, tensorFromArray, tensorFromFloat32 } from '@bitwright/onnx';
import type { Weight } from './find-weights';
import type { NewNode } from './graph-scopes';
import { packBlocks, packRows } from './pack-blocks';
import { type BlockCodes, blocksPerRow } from './weight-codes';
import {
  homeOf,
  int64Tensor,
  outputOf,
  productNodes,
  refuseSite,
  type SiteWriter,
  type WeightWriter,
} from './weight-writer';

const domain = 'com.microsoft';

/**
 * Block codes as MatMulNBits and GatherBlockQuantized read them. A tied weight is stored once, as the rows that
 * GatherBlockQuantized wants; a Reshape to [N, G, bytes], folded when the model is loaded, gives MatMulNBits its view.
 *
 * @throws {ExportError} when the codes cannot be stored so: real zero points or partial blocks of a tied weight, odd rows
 */
export function blockCodesWriter(
  weight: Weight,
  codes: BlockCodes,
  writer: WeightWriter,
  accuracyLevel: number | undefined,
): SiteWriter {
  const { rows, columns, blockSize, bits } = codes;
  const home = homeOf(weight);
  const blocks = blocksPerRow(columns, blockSize);
  const blockBytes = (blockSize * bits) / 8;
  const isGathered = weight.sites.some((site) => site.kind === 'gather');
  const isMultiplied = weight.sites.some((site) => site.kind !== 'gather');
  if (isGathered) assertGatherable(weight, codes, isMultiplied);
  const data = writer.add(home, `${weight.name}_q${bits}`, (name) => {
    const bytes = isMultiplied
      ? packBlocks(codes.codes, rows, columns, blockSize, bits)
      : packRows(codes.codes, rows, columns, columns, bits);
    const dims = isGathered ? [rows, bytes.length / rows] : [rows, blocks, blockBytes];
    return tensorFromArray(name, DataType.UINT8, dims, bytes);
  });
  const scale = writer.add(home, `${weight.name}_scale`, (name) =>
    tensorFromFloat32(name, weight.dataType, [rows, blocks], codes.scale),
  );
  const zeroPoints = codes.zeroPoint === undefined ? [] : [addZeroPoint(weight, codes, codes.zeroPoint, writer)];
  const viewShape =
    isGathered && isMultiplied
      ? writer.add(home, `${weight.name}_q${bits}_shape`, (name) => int64Tensor(name, [rows, blocks, blockBytes]))
      : undefined;

  return (site) => {
    const x = site.node.input[0] ?? '';
    if (site.kind === 'gather') {
      const attributes = [
        intAttribute('gather_axis', 0),
        intAttribute('quantize_axis', 1),
        intAttribute('block_size', blockSize),
        intAttribute('bits', bits),
      ];
      const inputs = [data, site.node.input[1] ?? '', scale, ...zeroPoints];
      return [{ opType: 'GatherBlockQuantized', domain, inputs, outputs: [outputOf(site)], attributes }];
    }
    if (site.kind !== 'matmul' && site.kind !== 'gemm') return refuseSite(site, weight, `${bits}-bit block codes`);
    const attributes = [
      intAttribute('K', columns),
      intAttribute('N', rows),
      intAttribute('bits', bits),
      intAttribute('block_size', blockSize),
      ...(accuracyLevel === undefined ? [] : [intAttribute('accuracy_level', accuracyLevel)]),
    ];
    return productNodes(site, weight, writer, (output): readonly NewNode[] => {
      const multiply = (view: string): NewNode => ({
        opType: 'MatMulNBits',
        domain,
        inputs: [x, view, scale, ...zeroPoints],
        outputs: [output],
        attributes,
      });
      if (viewShape === undefined) return [multiply(data)];
      const view = writer.names.value(`${weight.name}_q${bits}_blocks`);
      return [{ opType: 'Reshape', inputs: [data, viewShape], outputs: [view] }, multiply(view)];
    });
  };
}

// — internals —

function addZeroPoint(
  weight: Weight,
  { rows, columns, blockSize, bits }: BlockCodes,
  zeroPoint: Uint8Array | Float32Array,
  writer: WeightWriter,
): string {
  const blocks = blocksPerRow(columns, blockSize);
  return writer.add(homeOf(weight), `${weight.name}_zero_point`, (name) => {
    if (zeroPoint instanceof Float32Array) {
      return tensorFromFloat32(name, weight.dataType, [rows, blocks], zeroPoint);
    }
    const bytes = packRows(zeroPoint, rows, blocks, blocks, bits);
    return tensorFromArray(name, DataType.UINT8, [rows, bytes.length / rows], bytes);
  });
}

function assertGatherable(weight: Weight, codes: BlockCodes, isMultiplied: boolean): void {
  const { columns, blockSize, bits, zeroPoint } = codes;
  const problem =
    bits === 2
      ? '2-bit codes'
      : zeroPoint instanceof Float32Array
        ? 'real zero points'
        : (columns * bits) % 8 !== 0
          ? `rows of ${columns} ${bits}-bit codes, which are no whole bytes`
          : isMultiplied && columns % blockSize !== 0
            ? `rows of ${columns} in blocks of ${blockSize} that MatMulNBits shares`
            : undefined;
  if (problem === undefined) return;
  throw new ExportError({
    operation: `[export] writeWeights "${weight.name}"`,
    expected: 'codes that GatherBlockQuantized can read: 4 or 8 bits, integer zero points, rows of whole bytes',
    received: problem,
  });
}
