import { editGraph, encodeModel, type Model } from '@bitwright/onnx';
import { quantizeModel } from '@bitwright/ptq';
import { imageData } from './fixture-data';
import { tinyClassifier } from './fixture-model';

/** Names that would run a script, close the page's tags, or send a request, if they were not escaped. */
export const hostileNames = {
  conv1: '</title><script>alert(1)</script>',
  conv2: '"><img src=x onerror=alert(2)>',
  pool: "]]></style><svg onload='alert(3)'>",
  head: '\u001b[2J<a href="javascript:alert(4)">&amp;\u202e',
} as const;

/** The tiny classifier with hostile names for nodes and tensors. */
export function hostileModel(): Model {
  const edit = editGraph(tinyClassifier());
  for (const node of edit.nodes()) {
    const name = (hostileNames as Readonly<Record<string, string>>)[node.name];
    if (name === undefined) continue;
    edit.setNodeName(node, name);
    const [output = ''] = node.output;
    if (!edit.isOutput(output)) edit.renameValue(output, `${name} out`);
  }
  return edit.finish();
}

/** A float model and the int8 model made from it, as files. */
export async function quantizedPair(
  model: Model,
): Promise<{ readonly float: Uint8Array; readonly quantized: Uint8Array }> {
  const feeds = { image: { type: 'float32' as const, data: imageData(16), dims: [16, 3, 8, 8] } };
  const result = await quantizeModel(model, { calibration: [feeds], verifySamples: 0 });
  return { float: encodeModel(model), quantized: encodeModel(result.model) };
}
