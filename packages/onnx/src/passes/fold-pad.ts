import { intsAttribute } from '../attribute/build-attribute';
import { getFloat, getInts, getString } from '../attribute/read-attribute';
import { nodeLabel } from '../graph/body-graphs';
import type { GraphEditor } from '../graph/editor-types';
import type { Node } from '../message/types';
import { isExternal } from '../tensor/tensor-payload';
import { tensorToArray } from '../tensor/tensor-to-array';
import { editingPass, type GraphPass, isStandard } from './graph-pass';

const constantNumbers = (edit: GraphEditor, name: string): number[] | undefined => {
  const tensor = edit.constant(name);
  if (tensor === undefined || isExternal(tensor)) return undefined;
  return Array.from(tensorToArray(tensor) as ArrayLike<number | bigint>, Number);
};

/** Amounts of a Pad that adds zeros along spatial axes only, begin then end; undefined for any other Pad. */
const spatialZeroPads = (edit: GraphEditor, node: Node): number[] | undefined => {
  if (getString(node, 'mode', 'constant') !== 'constant' || (node.input[3] ?? '') !== '') return undefined;
  const [value = 0] =
    (node.input[2] ?? '') === '' ? [getFloat(node, 'value', 0)] : (constantNumbers(edit, node.input[2] ?? '') ?? [1]);
  const pads = getInts(node, 'pads') ?? constantNumbers(edit, node.input[1] ?? '');
  if (value !== 0 || pads === undefined || pads.length < 6 || pads.some((pad) => pad < 0)) return undefined;
  const rank = pads.length / 2;
  const [begin, end] = [pads.slice(0, rank), pads.slice(rank)];
  const touchesChannels = [begin[0], begin[1], end[0], end[1]].some((pad) => pad !== 0);
  return touchesChannels ? undefined : [...begin.slice(2), ...end.slice(2)];
};

/** Convolutions that read `name` as data and pad explicitly or not at all; undefined when anything else reads it. */
const readingConvolutions = (edit: GraphEditor, name: string): readonly Node[] | undefined => {
  if (edit.isOutput(name)) return undefined;
  const uses = edit.consumers(name);
  const areAll = uses.every(({ node, input, scope }) => {
    const isConv = node.opType === 'Conv' && isStandard(node) && input === 0 && scope === '';
    return isConv && !getString(node, 'auto_pad', 'NOTSET').startsWith('SAME');
  });
  return areAll && uses.length > 0 ? uses.map((use) => use.node) : undefined;
};

/**
 * Moves a Pad with zeros along spatial axes into the `pads` of the convolutions that read it. Exact up to the order of
 * summation inside the runtime (adding products with zero). Left alone when anything but Conv reads the padded value.
 */
export const foldPad: GraphPass = editingPass('foldPad', ({ edit, note }) => {
  for (const node of edit.nodes()) {
    if (node.opType !== 'Pad' || !isStandard(node)) continue;
    const pads = spatialZeroPads(edit, node);
    const [output = ''] = node.output;
    const convolutions = readingConvolutions(edit, output);
    if (pads === undefined || convolutions === undefined) continue;
    for (const conv of convolutions) {
      const isValid = getString(conv, 'auto_pad', 'NOTSET') === 'VALID';
      const own = isValid ? [] : getInts(conv, 'pads', []);
      edit.removeAttribute(conv, 'auto_pad');
      edit.setAttribute(
        conv,
        intsAttribute(
          'pads',
          pads.map((pad, i) => pad + (own[i] ?? 0)),
        ),
      );
      edit.setInput(conv, 0, node.input[0] ?? '');
      note(`folded Pad "${nodeLabel(node)}" into Conv "${nodeLabel(conv)}"`);
    }
    edit.removeNode(node);
    edit.removeValueInfo(output);
  }
});
