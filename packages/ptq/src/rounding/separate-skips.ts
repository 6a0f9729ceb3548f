import type { PlacedActivation, PlacedBias, Placement } from '@bitwright/export';
import { editGraph, type Model, type Node } from '@bitwright/onnx';
import { layerTypes } from './layer-types';

/** A model in which layers read values of their own, and the placement that goes with it. */
export interface SeparatedSkips {
  readonly model: Model;
  readonly placement: Placement;
  /** Value that only layers read → the value it is a copy of. */
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * Gives additions and pools back the width they had where they read a value that layers read in fewer bits: an Identity makes a copy for
 * the layers, which is quantized in few bits, and the value itself keeps its wide quantizer. Without it, whatever the layers' bits do
 * to a residual stream is added up from block to block.
 *
 * Runtimes take the Identity out again: what is left is one more quantizer in front of the layers.
 *
 * @param wide placement of the same model before bits were reduced
 * @param narrow placement after
 */
export function separateSkips(model: Model, wide: Placement, narrow: Placement): SeparatedSkips {
  const edit = editGraph(model);
  const activations = new Map(narrow.activations);
  const biases = new Map(narrow.biases);
  const nodes = new Map(narrow.nodes);
  const sources = new Map<string, string>();
  /** Whether float operators, too, read what was quantized. */
  const readsCodes = narrow.target.placement.quantize === 'inputsAndOutputs';
  const kindOf = (node: Node): string | undefined => narrow.nodes.get(node.name)?.kind;
  for (const [leader, group] of groupsOf(narrow)) {
    const before = wide.activations.get(leader);
    const after = narrow.activations.get(leader);
    if (before === undefined || after === undefined || before.scheme === after.scheme) continue;
    const uses = group.flatMap(({ tensor }) => edit.consumers(tensor).map((use) => ({ tensor, use })));
    const isLayer = (node: Node, tensor: string): boolean =>
      kindOf(node) === 'integer' && layerTypes.has(node.opType) && node.input[0] === tensor;
    const isOther = (node: Node): boolean =>
      kindOf(node) === 'float' ? readsCodes : kindOf(node) === 'integer' && !layerTypes.has(node.opType);
    const isShared =
      uses.some(({ use }) => isOther(use.owner)) && uses.some(({ tensor, use }) => isLayer(use.owner, tensor));
    if (!isShared) continue;
    for (const { tensor } of group) {
      const placed = narrow.activations.get(tensor);
      const readers = edit.consumers(tensor).filter((use) => use.scope === '' && isLayer(use.node, tensor));
      if (placed !== undefined) activations.set(tensor, { ...placed, scheme: before.scheme });
      if (readers.length === 0) continue;
      const copy = edit.uniqueName(`${tensor}_narrow`);
      const name = edit.uniqueNodeName(`${tensor}_narrow`);
      edit.replaceUses(tensor, copy, { where: (use) => use.scope === '' && isLayer(use.node, tensor) });
      edit.addNode({ opType: 'Identity', name, inputs: [tensor], outputs: [copy] });
      nodes.set(name, { kind: 'integer' });
      activations.set(copy, { tensor: copy, scheme: after.scheme, leader: copy });
      sources.set(copy, tensor);
      for (const [bias, entry] of biases) {
        const isReader = readers.some((use) => use.node.input[1] === entry.weight);
        if (entry.activation === tensor && isReader)
          biases.set(bias, { ...entry, activation: copy } satisfies PlacedBias);
      }
    }
  }
  if (sources.size === 0) return { model, placement: narrow, sources };
  return { model: edit.finish(), placement: Object.freeze({ ...narrow, activations, biases, nodes }), sources };
}

/** What is known per leading tensor (observers, range selectors), with copies having what their source has. */
export function forCopies<T>(
  known: ReadonlyMap<string, T>,
  { sources, placement }: Pick<SeparatedSkips, 'sources' | 'placement'>,
): ReadonlyMap<string, T> {
  const all = new Map(known);
  for (const [copy, source] of sources) {
    const value = known.get(placement.activations.get(source)?.leader ?? source);
    if (value !== undefined) all.set(copy, value);
  }
  return all;
}

// — internals —

function groupsOf(placement: Placement): ReadonlyMap<string, readonly PlacedActivation[]> {
  const groups = new Map<string, PlacedActivation[]>();
  for (const placed of placement.activations.values()) {
    groups.set(placed.leader, [...(groups.get(placed.leader) ?? []), placed]);
  }
  return groups;
}
