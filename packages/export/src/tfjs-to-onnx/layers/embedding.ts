import { DataType, intAttribute } from '@bitwright/onnx';
import { flagOf, inputOf, type LayerConverter, numberOf, weightOf } from '../layer-call';

/** Embedding: row x of the table, [N, …] to [N, …, output_dim]. Float indices are truncated, as tfjs does. */
export const embeddingConverter: LayerConverter = {
  classNames: ['Embedding'],
  convert(call) {
    const { writer } = call;
    const x = writer.plain(inputOf(call));
    const [rows, columns] = [numberOf(call, 'input_dim'), numberOf(call, 'output_dim')];
    const table = weightOf(call, 'embeddings', [rows, columns]);
    const indices = x.type === 'int32' ? x.name : writer.one('Cast', [x.name], [intAttribute('to', DataType.INT32)]);
    const name = writer.one('Gather', [writer.constant(table.name, [rows, columns], () => table.data), indices]);
    return [writer.value(name, [...x.shape, columns], { isMasked: flagOf(call, 'mask_zero', false) })];
  },
};
