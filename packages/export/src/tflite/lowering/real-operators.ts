import { DataType, getFloat, getInt, tensorToFloat32 } from '@bitwright/onnx';
import { tensorTypes } from '../schema/tensor-types';
import { bytesOf } from './constant-data';
import { addTensor, arrange, constantOf, readValue, valueKey } from './context';
import { noInt8Kernel, type OperatorLowering } from './operator-lowering';
import { refuse } from './refusal';
import { channelsLast, type Value } from './value';
import { writeResult } from './write-result';

/** BatchNormalization that nothing folded: MUL and ADD of one constant per channel, on real numbers. */
export const batchNormLowering: OperatorLowering = {
  opTypes: ['BatchNormalization'],
  whyReal: noInt8Kernel,
  lower(node, mode, context) {
    const [scale, shift, mean, variance] = [1, 2, 3, 4].map((input) => {
      const tensor = constantOf(context, node.input[input]);
      if (tensor === undefined) throw refuse(node, 'constant statistics', `"${node.input[input]}"`);
      return tensorToFloat32(tensor);
    }) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const epsilon = getFloat(node, 'epsilon', 1e-5);
    const plain = readValue(context, node, 0, mode);
    const value = arrange(context, plain, channelsLast(plain.shape.length));
    const factors = scale.map((s, c) => s / Math.sqrt((variance[c] as number) + epsilon));
    const offsets = shift.map((b, c) => b - (mean[c] as number) * (factors[c] as number));
    const { builder } = context;
    const constant = (name: string, data: Float32Array): number =>
      builder.tensor({
        name: `${node.name}_${name}`,
        type: 'FLOAT32',
        shape: [data.length],
        data: () => bytesOf(data),
      });
    const scaled = addTensor(context, `${node.name}_scaled`, value, value);
    builder.operator('MUL', [value.tensor, constant('factors', factors)], [scaled.tensor]);
    writeResult(
      context,
      node,
      mode,
      value,
      (result, activation) => {
        builder.operator('ADD', [scaled.tensor, constant('offsets', offsets)], [result.tensor], { activation });
      },
      { canFuse: true },
    );
  },
};

const castTypes: Readonly<Record<number, 'FLOAT32' | 'INT32' | 'INT64' | 'BOOL'>> = {
  [DataType.FLOAT]: 'FLOAT32',
  [DataType.INT32]: 'INT32',
  [DataType.INT64]: 'INT64',
  [DataType.BOOL]: 'BOOL',
};

/** Cast between float32, integers and booleans. */
export const castLowering: OperatorLowering = {
  opTypes: ['Cast'],
  whyReal: noInt8Kernel,
  lower(node, mode, context) {
    const value = readValue(context, node, 0, mode);
    const to = castTypes[getInt(node, 'to', 0)];
    if (to === undefined)
      throw refuse(node, 'a cast to float32, int32, int64 or bool', `type ${getInt(node, 'to', 0)}`);
    const result: Value = addTensor(context, node.output[0] ?? '', value, { type: to, params: undefined });
    const options = { inDataType: tensorTypes[value.type].code, outDataType: tensorTypes[to].code };
    context.builder.operator('CAST', [value.tensor], [result.tensor], options);
    context.values.set(valueKey(node.output[0] ?? '', 'float'), result);
  },
};
