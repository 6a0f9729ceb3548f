import type { TfliteGraph, TfliteOperator, TfliteTensor } from '../graph';
import { type OperatorName, type OptionValue, operatorSchemas } from '../schema/operators';

/** Collects tensors and operators. */
export interface GraphBuilder {
  /** Adds a tensor under its name, or the name with a number when that is taken; gives its index. */
  readonly tensor: (tensor: TfliteTensor) => number;
  /** An int32 constant of one axis; equal ones are stored once. */
  readonly int32s: (values: readonly number[]) => number;
  readonly operator: (
    kind: OperatorName,
    inputs: readonly number[],
    outputs: readonly number[],
    options?: Readonly<Record<string, OptionValue>>,
  ) => void;
  readonly tensorAt: (index: number) => TfliteTensor;
  /** Gives a tensor a name; another tensor that has it gets a number. */
  readonly rename: (index: number, name: string) => void;
  readonly finish: (parts: Pick<TfliteGraph, 'description' | 'inputs' | 'outputs'>) => TfliteGraph;
}

export function graphBuilder(): GraphBuilder {
  const tensors: TfliteTensor[] = [];
  const operators: TfliteOperator[] = [];
  const names = new Set<string>();
  const constants = new Map<string, number>();

  const unusedName = (name: string): string => {
    let unused = name;
    for (let i = 1; names.has(unused); i++) unused = `${name}_${i}`;
    names.add(unused);
    return unused;
  };
  const tensor = (entry: TfliteTensor): number => {
    tensors.push({ ...entry, name: unusedName(entry.name) });
    return tensors.length - 1;
  };
  return {
    tensor,
    int32s(values) {
      const key = values.join(',');
      const known = constants.get(key);
      if (known !== undefined) return known;
      const data = (): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);
      const index = tensor({ name: `int32_${constants.size}`, type: 'INT32', shape: [values.length], data });
      constants.set(key, index);
      return index;
    },
    operator(kind, inputs, outputs, options = {}) {
      const isInt8 = [...inputs, ...outputs].some((index) => tensors[index]?.type === 'INT8');
      const { float, int8 } = operatorSchemas[kind].version;
      operators.push({ kind, inputs, outputs, options, version: isInt8 ? int8 : float });
    },
    tensorAt: (index) => tensors[index] as TfliteTensor,
    rename(index, name) {
      const holder = tensors.findIndex((entry) => entry.name === name);
      if (holder === index) return;
      if (holder >= 0) tensors[holder] = { ...(tensors[holder] as TfliteTensor), name: unusedName(name) };
      names.add(name);
      tensors[index] = { ...(tensors[index] as TfliteTensor), name };
    },
    finish: (parts) => ({ ...parts, tensors: [...tensors], operators: [...operators] }),
  };
}
