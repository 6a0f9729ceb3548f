import { DataType, type GraphEditor, intAttribute, intsAttribute, tensorFromArray } from '@bitwright/onnx';

/** Operators that reduce axes, and the operator set from which their axes are an input. */
const axesInputSince = { ReduceMean: 18, ReduceMax: 18, ReduceMin: 18 } as const;

export type ReductionType = keyof typeof axesInputSince;

/** Adds a reduction of `input` over all axes except `axis`, in the form that the model's operator set wants. */
export function addChannelReduction(
  edit: GraphEditor,
  opType: ReductionType,
  input: string,
  rank: number,
  axis: number,
  keepdims: boolean,
): string {
  const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  const output = edit.uniqueName(`${input}_${opType}`);
  const isInput = (edit.opset() ?? 1) >= axesInputSince[opType];
  const inputs = [input];
  const attributes = [intAttribute('keepdims', keepdims ? 1 : 0)];
  if (isInput) {
    const name = edit.uniqueName(`${input}_axes`);
    edit.addInitializer(tensorFromArray(name, DataType.INT64, [axes.length], BigInt64Array.from(axes, BigInt)));
    inputs.push(name);
  } else {
    attributes.push(intsAttribute('axes', axes));
  }
  edit.addNode({ opType, name: edit.uniqueNodeName(output), inputs, outputs: [output], attributes });
  return output;
}
