import { intsAttribute } from '@bitwright/onnx';
import { gatherRows, permuteArray } from '../../permute-array';
import { inputOf, knownSize, type LayerCall, type LayerConverter, numberOf, weightOf } from '../layer-call';
import type { LayerWeight } from '../layers-model';
import type { Value } from '../value';
import { usesBias, withActivation } from './activation';

/**
 * Dense: kernel [in, out] over the last axis.
 *
 * - [N, in]: Gemm; a flattened input in another order permutes the rows of the kernel instead;
 * - more axes, channels behind the batch: a 1×1 convolution, so that no transposition is needed;
 * - more axes otherwise: MatMul and Add.
 */
export const denseConverter: LayerConverter = {
  classNames: ['Dense'],
  convert(call) {
    const input = inputOf(call);
    const rank = input.shape.length;
    const depth = knownSize(call, input.shape[rank - 1], 'size of the last axis');
    const units = numberOf(call, 'units');
    const kernel = weightOf(call, 'kernel', [depth, units]);
    const y =
      rank === 2
        ? gemm(call, input, kernel)
        : rank >= 3 && rank <= 5 && input.layout[1] === rank - 1
          ? pointwise(call, input, kernel)
          : matrixProduct(call, input, kernel);
    const shape = [...input.shape.slice(0, -1), units];
    const { featureOrder: _order, ...rest } = input;
    return [withActivation(call, { ...rest, ...y, shape })];
  },
};

type Product = Pick<Value, 'name' | 'layout'>;

function gemm(call: LayerCall, input: Value, kernel: LayerWeight): Product {
  const { writer } = call;
  const { featureOrder } = input;
  const [depth = 0, units = 0] = kernel.shape;
  const rows =
    featureOrder === undefined
      ? writer.constant(kernel.name, [depth, units], () => kernel.data)
      : writer.constant(
          kernel.name,
          [depth, units],
          () => gatherRows(kernel.data, units, featureOrder),
          `rows of ${input.name}`,
        );
  return { name: writer.one('Gemm', [input.name, rows, ...biasOf(call, units)]), layout: [0, 1] };
}

function pointwise(call: LayerCall, input: Value, kernel: LayerWeight): Product {
  const [depth = 0, units = 0] = kernel.shape;
  const ones = new Array<number>(input.shape.length - 2).fill(1);
  const weight = call.writer.constant(
    kernel.name,
    [units, depth, ...ones],
    () => permuteArray(kernel.data, kernel.shape, [1, 0]),
    'pointwise',
  );
  const inputs = [input.name, weight, ...biasOf(call, units)];
  return { name: call.writer.one('Conv', inputs, [intsAttribute('kernel_shape', ones)]), layout: input.layout };
}

function matrixProduct(call: LayerCall, input: Value, kernel: LayerWeight): Product {
  const { writer } = call;
  // Only the last axis must stay where it is; a sequence that stands time-first may remain so.
  const rank = input.shape.length;
  const x = input.layout[rank - 1] === rank - 1 ? input : writer.plain(input);
  const [depth = 0, units = 0] = kernel.shape;
  const product = writer.one('MatMul', [x.name, writer.constant(kernel.name, [depth, units], () => kernel.data)]);
  const [bias] = biasOf(call, units);
  return { name: bias === undefined ? product : writer.one('Add', [product, bias]), layout: x.layout };
}

function biasOf(call: LayerCall, units: number): string[] {
  if (!usesBias(call)) return [];
  const bias = weightOf(call, 'bias', [units]);
  return [call.writer.constant(bias.name, [units], () => bias.data)];
}
