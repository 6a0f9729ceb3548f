import { DataType, intAttribute, type Tensor, tensorFromArray, tensorFromFloat32 } from '@bitwright/onnx';
import type { Weight, WeightSite } from './find-weights';
import type { NewNode } from './graph-scopes';
import { transpose } from './read-weight';
import { type RowCodes, rowZeroPoint } from './weight-codes';
import {
  homeOf,
  int64Tensor,
  outputOf,
  productNodes,
  refuseSite,
  type SiteWriter,
  type WeightWriter,
  withWeight,
} from './weight-writer';

/**
 * How operators compute with 8-bit rows:
 *   dynamic  activations are quantized on the fly and multiplied as integers
 *   float    the weight is dequantized when the model is loaded: Cast and Mul of constants, which every runtime folds
 */
export type RowCompute = 'dynamic' | 'float';

/**
 * Row codes in standard operators:
 *   MatMul, Gemm  DynamicQuantizeLinear(x), MatMulInteger, Cast, Mul: onnxruntime fuses them into DynamicQuantizeMatMul
 *   Gather        Gather of codes, DequantizeLinear, and Mul by the scales gathered likewise
 *   Conv          dynamic: DynamicQuantizeLinear(x), ConvInteger, Cast, Mul, Add; float: as stored
 *   stored        Cast and Mul in front of the operator
 */
export function rowCodesWriter(
  weight: Weight,
  codes: RowCodes,
  writer: WeightWriter,
  compute: { readonly products: RowCompute; readonly convolutions: RowCompute },
): SiteWriter {
  const { rows, columns } = codes;
  const home = homeOf(weight);
  const isProductOnly = weight.sites.every((site) => site.kind === 'matmul' || site.kind === 'gemm');
  // A weight that only products read is stored as they want it, [K,N]; others as they are.
  const isTransposed = isProductOnly || (weight.shape.length === 2 && weight.isTransposed);
  const dims = weight.shape.length === 2 ? (isTransposed ? [columns, rows] : [rows, columns]) : weight.shape;
  const isPerRow = codes.scale.length > 1;
  const type = codes.codes instanceof Int8Array ? DataType.INT8 : DataType.UINT8;
  const data = writer.add(home, `${weight.name}_quantized`, (name) =>
    tensorFromArray(name, type, dims, isTransposed ? transpose(codes.codes, rows, columns) : codes.codes),
  );
  const scales = new Map<string, string>();
  /** The scales as an initializer of the given shape; [] only for one scale. */
  const scaleOf = (shape: readonly number[]): string => {
    const key = shape.join(',');
    const known = scales.get(key);
    if (known !== undefined) return known;
    const name = writer.add(home, `${weight.name}_scale`, (n) =>
      tensorFromFloat32(n, weight.dataType, isPerRow ? shape : [], codes.scale),
    );
    scales.set(key, name);
    return name;
  };
  const zeroPoints = new Map<string, string>();
  const zeroPointOf = (shape: readonly number[]): string => {
    const key = shape.join(',');
    const known = zeroPoints.get(key);
    if (known !== undefined) return known;
    const name = writer.add(home, `${weight.name}_zero_point`, (n) => zeroPointTensor(n, codes, shape));
    zeroPoints.set(key, name);
    return name;
  };
  const perColumn = isPerRow ? [rows] : [];

  /** Nodes that dequantize the weight, and the name of the result in its stored shape. */
  const dequantized = (): { readonly nodes: readonly NewNode[]; readonly real: string } => {
    const shape = broadcastShape(weight, dims, rows, isTransposed);
    const cast = writer.names.value(`${weight.name}_cast`);
    const real = writer.names.value(`${weight.name}_dequantized`);
    const nodes: NewNode[] = [
      { opType: 'Cast', inputs: [data], outputs: [cast], attributes: [intAttribute('to', weight.dataType)] },
      { opType: 'Mul', inputs: [cast, scaleOf(shape)], outputs: [real] },
    ];
    return { nodes, real };
  };
  const swapped = (name: string): { readonly node: NewNode; readonly output: string } => {
    const output = writer.names.value(`${weight.name}_transposed`);
    return { node: { opType: 'Transpose', inputs: [name], outputs: [output] }, output };
  };

  const writeFloat: SiteWriter = (site) => {
    const { nodes, real } = dequantized();
    const wantsTransposed = site.kind === 'matmul' || (site.kind === 'gemm' && !isGemmTransposed(site));
    const isMatrixSite = site.kind === 'matmul' || site.kind === 'gemm';
    if (!isMatrixSite || wantsTransposed === isTransposed) return [...nodes, withWeight(site, real)];
    const swap = swapped(real);
    return [...nodes, swap.node, withWeight(site, swap.output)];
  };

  const writeDynamicProduct: SiteWriter = (site) => {
    const quantized = writer.dynamic(site.scope, site.node.input[0] ?? '');
    const swap = isTransposed ? undefined : swapped(data);
    return productNodes(site, weight, writer, (output) => [
      ...quantized.nodes,
      ...(swap === undefined ? [] : [swap.node]),
      ...scaledInteger(
        writer,
        {
          opType: 'MatMulInteger',
          inputs: [quantized.names.codes, swap?.output ?? data, quantized.names.zeroPoint, zeroPointOf(perColumn)],
        },
        [quantized.names.scale, scaleOf(perColumn)],
        output,
      ),
    ]);
  };

  const writeDynamicConv: SiteWriter = (site) => {
    const quantized = writer.dynamic(site.scope, site.node.input[0] ?? '');
    const spatial = weight.shape.slice(2).map(() => 1);
    const bias = site.node.input[2] ?? '';
    const output = bias === '' ? outputOf(site) : writer.names.value(`${outputOf(site)}_product`);
    const nodes = [
      ...quantized.nodes,
      ...scaledInteger(
        writer,
        {
          opType: 'ConvInteger',
          inputs: [quantized.names.codes, data, quantized.names.zeroPoint, zeroPointOf([])],
          attributes: site.node.attribute,
        },
        [quantized.names.scale, scaleOf([rows, ...spatial])],
        output,
      ),
    ];
    if (bias === '') return nodes;
    const shape = writer.add(site.scope, `${bias}_shape`, (name) => int64Tensor(name, [1, -1, ...spatial]));
    const reshaped = writer.names.value(`${bias}_channels`);
    return [
      ...nodes,
      { opType: 'Reshape', inputs: [bias, shape], outputs: [reshaped] },
      { opType: 'Add', inputs: [output, reshaped], outputs: [outputOf(site)] },
    ];
  };

  const writeGather: SiteWriter = (site) => {
    const indices = site.node.input[1] ?? '';
    const gather = (table: string, output: string): NewNode => ({
      opType: 'Gather',
      inputs: [table, indices],
      outputs: [output],
      attributes: site.node.attribute,
    });
    const picked = writer.names.value(`${outputOf(site)}_quantized`);
    if (!isPerRow) {
      const inputs = [picked, scaleOf([]), zeroPointOf([])];
      return [gather(data, picked), { opType: 'DequantizeLinear', inputs, outputs: [outputOf(site)] }];
    }
    const one = writer.add(site.scope, `${weight.name}_unit_scale`, (name) =>
      tensorFromFloat32(name, weight.dataType, [], Float32Array.of(1)),
    );
    const steps = writer.names.value(`${outputOf(site)}_steps`);
    const scale = writer.names.value(`${outputOf(site)}_scale`);
    return [
      gather(data, picked),
      { opType: 'DequantizeLinear', inputs: [picked, one, zeroPointOf([])], outputs: [steps] },
      gather(scaleOf([rows, 1]), scale),
      { opType: 'Mul', inputs: [steps, scale], outputs: [outputOf(site)] },
    ];
  };

  return (site) => {
    if (site.kind === 'gather') return writeGather(site);
    if (site.kind === 'matmul' || site.kind === 'gemm') {
      return compute.products === 'dynamic' ? writeDynamicProduct(site) : writeFloat(site);
    }
    if (site.kind === 'conv' && compute.convolutions === 'dynamic') return writeDynamicConv(site);
    if (type === DataType.UINT8) return refuseSite(site, weight, 'uint8 rows (stored weights are int8)');
    return writeFloat(site);
  };
}

// — internals —

function isGemmTransposed({ node }: WeightSite): boolean {
  return node.attribute.some((attribute) => attribute.name === 'transB' && attribute.i !== 0n);
}

/** Shape in which [N] scales broadcast against the stored tensor. */
function broadcastShape(
  weight: Weight,
  dims: readonly number[],
  rows: number,
  isTransposed: boolean,
): readonly number[] {
  if (isTransposed) return [rows];
  if (weight.sites[0]?.kind === 'conv') return dims.map((size, i) => (i === 0 ? size : 1));
  return dims.map((size, i) => (i === dims.length - 1 ? 1 : size));
}

function zeroPointTensor(name: string, { codes }: RowCodes, shape: readonly number[]): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  if (codes instanceof Int8Array) return tensorFromArray(name, DataType.INT8, shape, new Int8Array(count));
  return tensorFromArray(name, DataType.UINT8, shape, new Uint8Array(count).fill(rowZeroPoint(codes)));
}

/** An integer product as real numbers: Cast(accumulator) · (scale(x) · scale(w)), in the order onnxruntime's fusion expects. */
function scaledInteger(
  writer: WeightWriter,
  product: Omit<NewNode, 'outputs'>,
  scales: readonly [x: string, weight: string],
  output: string,
): readonly NewNode[] {
  const sum = writer.names.value(`${output}_accumulator`);
  const cast = writer.names.value(`${output}_cast`);
  const scale = writer.names.value(`${output}_scale`);
  return [
    { ...product, outputs: [sum] },
    { opType: 'Cast', inputs: [sum], outputs: [cast], attributes: [intAttribute('to', DataType.FLOAT)] },
    { opType: 'Mul', inputs: [...scales], outputs: [scale] },
    { opType: 'Mul', inputs: [cast, scale], outputs: [output] },
  ];
}
