import { academic, type QuantizationSpec } from '@bitwright/core';
import { planPlacement } from '@bitwright/export';
import { editGraph, graphIndex, type Model } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { residualNetwork } from '../rounding/__fixtures__/residual-network';
import { findRoundableLayers } from '../rounding/roundable-layers';
import { type Block, findBlocks } from './find-blocks';

function blocksOf(model: Model): readonly Block[] {
  const index = graphIndex(model.graph!);
  const placement = planPlacement(model, { target: academic });
  const weights = [...placement.weights.values()].map(({ tensor, scheme }) => [tensor, { role: 'weight', scheme }]);
  const spec = { tensors: Object.fromEntries(weights), nodes: Object.fromEntries(placement.nodes) };
  return findBlocks(index, findRoundableLayers(index, spec as unknown as QuantizationSpec).layers);
}

const shown = (blocks: readonly Block[]) =>
  blocks.map((block) => [block.layers.map((layer) => layer.node.name).join(), block.inputs.join(), block.output]);

describe('findBlocks', () => {
  it('takes a residual block as one, with the addition and the activation behind it', () => {
    expect(shown(blocksOf(residualNetwork()))).toEqual([
      ['stem', 'x', 'b'],
      ['depthwise,pointwise', 'b', 'g'],
      ['Gemm_y', 'i', 'y'],
    ]);
  });

  it('sees through the copy that layers read', () => {
    const edit = editGraph(residualNetwork());
    edit.replaceUses('b', 'copy', { where: (use) => use.node.opType === 'Conv' });
    edit.addNode({ opType: 'Identity', name: 'copy', inputs: ['b'], outputs: ['copy'] });
    expect(shown(blocksOf(edit.finish()))[1]).toEqual(['depthwise,pointwise', 'b', 'g']);
  });

  it('chains layers without a fork, up to one without an activation', () => {
    const edit = editGraph(residualNetwork());
    const add = edit.nodes().find((node) => node.opType === 'Add')!;
    edit.replaceUses('f', 'e');
    edit.removeNode(add);
    // Stem, Relu, depthwise, Relu, pointwise, Relu: three layers.
    expect(shown(blocksOf(edit.finish()))[0]).toEqual(['stem,depthwise,pointwise', 'x', 'g']);
  });

  it('takes layers one by one around an operator it does not know, and says which', () => {
    const edit = editGraph(residualNetwork());
    edit.setOperator(edit.producer('d')!, 'Sigmoid');
    const blocks = blocksOf(edit.finish());
    expect(shown(blocks).map(([layers]) => layers)).toEqual(['stem', 'depthwise', 'pointwise', 'Gemm_y']);
    expect(blocks[1]?.split).toBe('Sigmoid "Relu_d" is not supported');
  });
});
