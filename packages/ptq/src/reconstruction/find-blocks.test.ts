import { academic, type QuantizationSpec } from '@bitwright/core';
import { planPlacement } from '@bitwright/export';
import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  editGraph,
  graphIndex,
  inferShapes,
  type Model,
  tensorFromArray,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { residualNetwork } from '../rounding/__fixtures__/residual-network';
import { findRoundableLayers } from '../rounding/roundable-layers';
import { type Block, findBlocks } from './find-blocks';
import { unsupported } from './supported-nodes';

function blocksOf(model: Model): readonly Block[] {
  const index = graphIndex(model.graph!);
  const placement = planPlacement(model, { target: academic });
  const weights = [...placement.weights.values()].map(({ tensor, scheme }) => [tensor, { role: 'weight', scheme }]);
  const spec = { tensors: Object.fromEntries(weights), nodes: Object.fromEntries(placement.nodes) };
  return findBlocks(
    { index, shapes: inferShapes(model) },
    findRoundableLayers(index, spec as unknown as QuantizationSpec).layers,
  );
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

  it('takes layers one by one around an addition that broadcasts', () => {
    const edit = editGraph(residualNetwork());
    edit.replaceUses('e', 'mean', { where: (use) => use.node.opType === 'Add' });
    edit.addNode({ opType: 'GlobalAveragePool', name: 'mean', inputs: ['e'], outputs: ['mean'] });
    const [, depthwise, pointwise] = blocksOf(edit.finish());
    expect(depthwise?.layers.map((layer) => layer.node.name)).toEqual(['depthwise']);
    expect(depthwise?.split).toBe('Add "Add_f" adds values of two shapes, [n,6,8,8] and [n,6,1,1]');
    expect(pointwise?.output).toBe('e');
  });
});

describe('unsupported', () => {
  const reasonOf = (opType: string, dims: readonly number[], output: readonly number[] = dims): string | undefined => {
    const model = createModel({
      irVersion: 8,
      opsets: { '': 17 },
      graph: createGraph({
        name: 'one',
        nodes: [createNode({ opType, name: 'node', inputs: opType === 'MatMul' ? ['x', 'w'] : ['x'], outputs: ['y'] })],
        inputs: [createValueInfo('x', DataType.FLOAT, dims)],
        outputs: [createValueInfo('y', DataType.FLOAT, output)],
        initializers: [tensorFromArray('w', DataType.FLOAT, [6, 4], new Float32Array(24))],
      }),
    });
    const graph = { index: graphIndex(model.graph!), shapes: inferShapes(model) };
    return unsupported(model.graph!.node[0]!, graph);
  };

  it('takes a product of one row per sample, and of no more', () => {
    expect(reasonOf('MatMul', [1, 6], [1, 4])).toBeUndefined();
    expect(reasonOf('MatMul', [1, 5, 6], [1, 5, 4])).toBe('MatMul "node" multiplies [1,5,6], not one row per sample');
  });

  it('takes vectors and images', () => {
    expect(reasonOf('Relu', [1, 6])).toBeUndefined();
    expect(reasonOf('Relu', [1, 6, 2, 2])).toBeUndefined();
    expect(reasonOf('Relu', [1, 6, 2, 2, 2])).toMatch(
      /"node" reads or gives \[1,6,2,2,2\], neither a vector nor an image/,
    );
    expect(reasonOf('Transpose', [2, 6], [6, 2])).toMatch(/makes 6 of 2 samples/);
    expect(reasonOf('Transpose', [1, 6, 5], [5, 6, 1])).toMatch(/\[1,6,5\]/);
  });
});
