import { DataType, intAttribute, tensorFromArray, tensorFromFloat32 } from '@bitwright/onnx';
import type { Weight } from './find-weights';
import { lookupType, packLookupCodes } from './lookup-levels';
import type { LookupCodes } from './weight-codes';
import { homeOf, productNodes, refuseSite, type SiteWriter, type WeightWriter } from './weight-writer';

/**
 * Codes of a level table as MatMulBnb4 reads them: one flat run of codes, two per byte, blocks running over the ends of rows.
 *
 * @see com.microsoft MatMulBnb4-1
 */
export function lookupCodesWriter(weight: Weight, codes: LookupCodes, writer: WeightWriter): SiteWriter {
  const home = homeOf(weight);
  const data = writer.add(home, `${weight.name}_${codes.levels}`, (name) => {
    const bytes = packLookupCodes(codes.codes);
    return tensorFromArray(name, DataType.UINT8, [bytes.length], bytes);
  });
  const absmax = writer.add(home, `${weight.name}_absmax`, (name) =>
    tensorFromFloat32(name, weight.dataType, [codes.absmax.length], codes.absmax),
  );
  const attributes = [
    intAttribute('K', codes.columns),
    intAttribute('N', codes.rows),
    intAttribute('block_size', codes.blockSize),
    intAttribute('quant_type', lookupType[codes.levels]),
  ];
  return (site) => {
    if (site.kind !== 'matmul' && site.kind !== 'gemm') return refuseSite(site, weight, `${codes.levels} codes`);
    const inputs = [site.node.input[0] ?? '', data, absmax];
    return productNodes(site, weight, writer, (output) => [
      { opType: 'MatMulBnb4', domain: 'com.microsoft', inputs, outputs: [output], attributes },
    ]);
  };
}
