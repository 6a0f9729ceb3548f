import { DataType, intAttribute, type Node, tensorFromArray, tensorFromFloat32 } from '@bitwright/onnx';
import type { Weight } from './find-weights';
import type { NewNode } from './graph-scopes';
import { transpose } from './read-weight';
import { type RowCodes, rowZeroPoint } from './weight-codes';
import { homeOf, type WeightWriter } from './weight-writer';

const operation = 'DynamicQuantizeLSTM';

/** One matrix of an LSTM, [D, 4H, I] as rows [D·4H, I]. */
export interface RecurrentMatrix {
  readonly weight: Weight;
  readonly codes: RowCodes;
}

/**
 * An LSTM with 8-bit weights whose activations are quantized on the fly. The operator wants [D, I, 4H] and one scale per gate row
 * [D, 4H].
 *
 * onnxruntime 1.30 computes wrong results for int8 weights here, so the codes are uint8 (zero point 128).
 *
 * @see com.microsoft DynamicQuantizeLSTM-1
 */
export function dynamicLstm(node: Node, w: RecurrentMatrix, r: RecurrentMatrix, writer: WeightWriter): NewNode {
  const stored = [w, r].map((matrix) => storeMatrix(matrix, writer));
  const [storedW, storedR] = stored as [StoredMatrix, StoredMatrix];
  const input = (i: number): string => node.input[i] ?? '';
  return {
    opType: operation,
    domain: 'com.microsoft',
    inputs: [
      input(0),
      storedW.data,
      storedR.data,
      ...[3, 4, 5, 6, 7].map(input),
      storedW.scale,
      storedW.zeroPoint,
      storedR.scale,
      storedR.zeroPoint,
    ],
    outputs: node.output,
    attributes: [
      ...node.attribute.filter(({ name }) => name !== 'layout' && name !== 'hidden_size'),
      intAttribute('hidden_size', (w.weight.shape[1] ?? 0) / 4),
    ],
  };
}

// — internals —

interface StoredMatrix {
  readonly data: string;
  readonly scale: string;
  readonly zeroPoint: string;
}

function storeMatrix({ weight, codes }: RecurrentMatrix, writer: WeightWriter): StoredMatrix {
  const [directions = 1, gates = 1, size = 1] = weight.shape;
  const home = homeOf(weight);
  const type = codes.codes instanceof Int8Array ? DataType.INT8 : DataType.UINT8;
  const perDirection = gates * size;
  const swapped = codes.codes.slice();
  for (let d = 0; d < directions; d++) {
    const part = codes.codes.slice(d * perDirection, (d + 1) * perDirection);
    swapped.set(transpose(part, gates, size), d * perDirection);
  }
  const isPerRow = codes.scale.length > 1;
  const shape = isPerRow ? [directions, gates] : [directions];
  const scale = isPerRow ? codes.scale : new Float32Array(directions).fill(codes.scale[0] as number);
  const zeroPoint = codes.codes.slice(0, scale.length).fill(rowZeroPoint(codes.codes));
  return {
    data: writer.add(home, `${weight.name}_quantized`, (name) =>
      tensorFromArray(name, type, [directions, size, gates], swapped),
    ),
    scale: writer.add(home, `${weight.name}_scale`, (name) => tensorFromFloat32(name, DataType.FLOAT, shape, scale)),
    zeroPoint: writer.add(home, `${weight.name}_zero_point`, (name) => tensorFromArray(name, type, shape, zeroPoint)),
  };
}
