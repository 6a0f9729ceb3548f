import { createValueInfo, DataType, editGraph, intAttribute, type Model } from '@bitwright/onnx';

/** Adds inner tensors as graph outputs, so that a runtime hands them out; model inputs and outputs are there already. */
export function tapTensors(model: Model, tensors: readonly string[]): Model {
  const edit = editGraph(model);
  for (const tensor of tensors) {
    if (!edit.isInput(tensor) && !edit.isOutput(tensor)) edit.addOutput(createValueInfo(tensor, DataType.FLOAT));
  }
  return edit.finish();
}

/** The two scalar outputs that carry a tensor's extremes. */
export interface ExtremeOutputs {
  readonly min: string;
  readonly max: string;
}

/**
 * Adds ReduceMin and ReduceMax over all axes behind each tensor, so that only two numbers per tensor and run leave the runtime.
 */
export function tapExtremes(
  model: Model,
  tensors: readonly string[],
): { readonly model: Model; readonly taps: ReadonlyMap<string, ExtremeOutputs> } {
  const edit = editGraph(model);
  const taps = new Map<string, ExtremeOutputs>();
  for (const tensor of tensors) {
    const outputs: ExtremeOutputs = { min: edit.uniqueName(`${tensor}_min`), max: edit.uniqueName(`${tensor}_max`) };
    for (const [opType, output] of [
      ['ReduceMin', outputs.min],
      ['ReduceMax', outputs.max],
    ] as const) {
      edit.addNode({
        opType,
        name: edit.uniqueNodeName(`${tensor}_${opType}`),
        inputs: [tensor],
        outputs: [output],
        attributes: [intAttribute('keepdims', 0)],
      });
      edit.addOutput(createValueInfo(output, DataType.FLOAT, []));
    }
    taps.set(tensor, outputs);
  }
  return { model: edit.finish(), taps };
}
