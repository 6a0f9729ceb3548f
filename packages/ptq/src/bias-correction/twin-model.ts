import { createValueInfo, DataType, editGraph, inferShapes, type Model, nodeLabel } from '@bitwright/onnx';
import { addChannelReduction } from '../equalization/reduction-nodes';

/** A layer of both models whose outputs are compared per channel. */
export interface TwinTap {
  /** Node name, the same in both models. */
  readonly node: string;
  /** Axis of the channels in its output; −1 is the last. */
  readonly axis: number;
}

/** A float model and its quantized form in one graph, fed with the same inputs. */
export interface TwinModel {
  readonly model: Model;
  /** Node name → output with its mean difference quantized − float per channel. */
  readonly shifts: ReadonlyMap<string, string>;
}

const prefix = 'quantized/';

/**
 * Joins both models so that one run compares them:
 *
 *   shift = mean over all axes but the channels of (ỹ − y);   where centred, all that follows reads ỹ − shift
 *
 * Centring puts each layer behind corrected predecessors without a run per layer.
 */
export function twinModel(float: Model, quantized: Model, taps: readonly TwinTap[], isCentred: boolean): TwinModel {
  const types = inferShapes(float);
  const edit = editGraph(float);
  addPrefixed(edit, quantized);
  const nodes = new Map(edit.nodes().map((node) => [node.name, node]));
  const shifts = new Map<string, string>();
  for (const { node: name, axis } of taps) {
    const node = nodes.get(name);
    const twin = nodes.get(`${prefix}${name}`);
    const output = node?.output[0] ?? '';
    const twinOutput = twin?.output[0] ?? '';
    const rank = types.get(output)?.dims?.length;
    if (node === undefined || twin === undefined || rank === undefined) continue;
    const difference = edit.uniqueName(`${nodeLabel(twin)}_difference`);
    edit.addNode({
      opType: 'Sub',
      name: edit.uniqueNodeName(difference),
      inputs: [twinOutput, output],
      outputs: [difference],
    });
    const channelAxis = axis < 0 ? axis + rank : axis;
    const shift = addChannelReduction(edit, 'ReduceMean', difference, rank, channelAxis, true);
    edit.addOutput(createValueInfo(shift, DataType.FLOAT, new Array(rank).fill(undefined)));
    shifts.set(name, shift);
    if (!isCentred) continue;
    const centred = edit.uniqueName(`${nodeLabel(twin)}_centred`);
    edit.replaceUses(twinOutput, centred, { where: (use) => use.node.output[0] !== difference });
    edit.addNode({
      opType: 'Sub',
      name: edit.uniqueNodeName(centred),
      inputs: [twinOutput, shift],
      outputs: [centred],
    });
  }
  return { model: edit.finish(), shifts };
}

// — internals —

/** Adds all nodes and constants of another model under prefixed names; both read the same model inputs. */
function addPrefixed(edit: ReturnType<typeof editGraph>, model: Model): void {
  const other = editGraph(model);
  for (const node of other.nodes()) {
    for (const output of node.output) if (output !== '') other.renameValue(output, `${prefix}${output}`);
    other.setNodeName(node, `${prefix}${node.name}`);
  }
  for (const tensor of other.initializers()) {
    if (edit.initializer(tensor.name) === tensor) continue;
    other.renameValue(tensor.name, `${prefix}${tensor.name}`);
  }
  for (const tensor of other.initializers()) if (edit.initializer(tensor.name) !== tensor) edit.addInitializer(tensor);
  for (const { opType, domain, name, input, output, attribute } of other.nodes()) {
    edit.addNode({ opType, domain, name, inputs: input, outputs: output, attributes: attribute });
  }
}
