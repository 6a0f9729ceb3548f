import { paramShape, type TensorQuantization } from '@bitwright/core';
import { DataType, type GraphEditor, tensorFromArray } from '@bitwright/onnx';
import type { CodeFormat } from './code-format';

/** Scale and zero-point initializers, one pair per leader. */
export interface ParameterTable {
  /** @param shape - of the tensor, for blocks; `[]` for one scale */
  of(leader: string, tensor: TensorQuantization, shape: readonly number[]): readonly [scale: string, zeroPoint: string];
}

export function parameterTable(edit: GraphEditor, format: CodeFormat): ParameterTable {
  const pairs = new Map<string, readonly [string, string]>();
  return {
    of(leader, tensor, shape) {
      const known = pairs.get(leader);
      if (known !== undefined) return known;
      const pair = [edit.uniqueName(`${leader}_scale`), edit.uniqueName(`${leader}_zero_point`)] as const;
      const dims = paramShape(shape, tensor.scheme.granularity);
      edit.addInitializer(tensorFromArray(pair[0], DataType.FLOAT, dims, format.scale(tensor)));
      edit.addInitializer(format.zeroPoint(pair[1], dims, tensor));
      pairs.set(leader, pair);
      return pair;
    },
  };
}
