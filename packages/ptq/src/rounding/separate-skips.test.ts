import { academic, ortX64, type Target } from '@bitwright/core';
import { planPlacement } from '@bitwright/export';
import { graphIndex } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { residualNetwork } from './__fixtures__/residual-network';
import { lowBitSchemes } from './low-bit-schemes';
import { forCopies, separateSkips } from './separate-skips';

const model = residualNetwork();

function separate(target: Target, activationBits: number) {
  const wide = planPlacement(model, { target });
  return separateSkips(model, wide, lowBitSchemes(model, wide, { weightBits: 4, activationBits }));
}

describe('separateSkips', () => {
  it('gives the layer a narrow copy of what an addition reads, and the addition its eight bits back', () => {
    const { model: changed, placement, sources } = separate(ortX64, 4);
    expect([...sources]).toEqual([['b_narrow', 'b']]);
    const index = graphIndex(changed.graph!);
    expect(index.producer('b_narrow')).toMatchObject({ opType: 'Identity', input: ['b'] });
    expect(index.consumers('b_narrow').map((use) => use.node.name)).toEqual(['depthwise']);
    expect(
      index
        .consumers('b')
        .map((use) => use.node.opType)
        .sort(),
    ).toEqual(['Add', 'Identity']);
    expect(placement.activations.get('b')?.scheme.qmax).toBe(255);
    expect(placement.activations.get('b_narrow')).toMatchObject({ leader: 'b_narrow', scheme: { qmax: 15 } });
    expect(placement.biases.get('depthwise.b')?.activation).toBe('b_narrow');
    // Read by one layer only: narrow without a copy.
    expect(placement.activations.get('d')?.scheme.qmax).toBe(15);
  });

  it('changes nothing at eight bits, nor where a target reads skips in float anyway', () => {
    for (const same of [separate(ortX64, 8), separate(academic, 4)]) {
      expect(same.model).toBe(model);
      expect(same.sources.size).toBe(0);
    }
  });

  it('lets copies share what is known about their source', () => {
    expect(forCopies(new Map([['b', 7]]), separate(ortX64, 4)).get('b_narrow')).toBe(7);
  });
});
