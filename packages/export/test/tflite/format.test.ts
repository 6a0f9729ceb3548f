import { findTarget, seededRandom } from '@bitwright/core';
import { createNode, DataType, intsAttribute, tensorFromArray } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { readFlatbuffer } from '../../src/tflite/read-flatbuffer';
import { tfliteExporter } from '../../src/tflite/tflite-exporter';
import { writeFlatbuffer } from '../../src/tflite/write-flatbuffer';
import { sampleSpec } from '../exporters/sample-spec';
import { op, toy, weight } from '../toy-models';

const { model, spec } = sampleSpec(findTarget('tflite'));
const bytes = (): Uint8Array => tfliteExporter.write(spec, model)[0]!.bytes;

describe('TFLite files', () => {
  it('have the identifier, version 3, an empty first buffer and both operator codes', () => {
    const file = bytes();
    const view = new DataView(file.buffer, file.byteOffset);
    expect(new TextDecoder().decode(file.subarray(4, 8))).toBe('TFL3');
    expect(view.getUint32(0, true)).toBeLessThan(file.length);
    const { operators, tensors } = readFlatbuffer(file);
    expect([...new Set(operators.map(({ kind }) => kind))].sort()).toEqual([
      'ADD',
      'CONV_2D',
      'DEQUANTIZE',
      'FULLY_CONNECTED',
      'MEAN',
      'QUANTIZE',
      'RESHAPE',
    ]);
    const constants = tensors.flatMap(({ data }) => (data === undefined ? [] : [data()]));
    // Constants lie at multiples of 16 bytes of the file.
    for (const data of constants) expect((data.byteOffset - file.byteOffset) % 16).toBe(0);
  });

  it('keep filters as [O, H, W, I] with a scale per output, biases as int32 of scale(x)·scale(w)', () => {
    const { tensors } = readFlatbuffer(bytes());
    const filter = tensors.find(({ name }) => name === 'conv1.w')!;
    expect(filter).toMatchObject({ type: 'INT8', shape: [4, 3, 3, 4], quantization: { dimension: 0 } });
    const bias = tensors.find(({ name }) => name === 'conv1.b')!;
    const sx = spec.tensors['x']!.qparams.scale[0]!;
    expect([...bias.quantization!.scale]).toEqual(Array.from(filter.quantization!.scale, (s) => Math.fround(sx * s)));
    expect(bias.type).toBe('INT32');
  });

  it('leave the batch open', () => {
    const { tensors, inputs, outputs } = readFlatbuffer(bytes());
    expect(tensors[inputs[0]!]).toMatchObject({
      name: 'x',
      type: 'FLOAT32',
      shape: [1, 8, 8, 4],
      signature: [-1, 8, 8, 4],
    });
    expect(tensors[outputs[0]!]).toMatchObject({ name: 'logits', type: 'FLOAT32', signature: [-1, 5] });
  });

  it('have int8 ends where asked', () => {
    const graph = readFlatbuffer(tfliteExporter.write(spec, model, { io: 'int8' })[0]!.bytes);
    expect(graph.tensors[graph.inputs[0]!]).toMatchObject({ name: 'x', type: 'INT8' });
    expect(graph.tensors[graph.outputs[0]!]).toMatchObject({ name: 'logits', type: 'INT8' });
    expect(graph.operators.some(({ kind }) => kind === 'QUANTIZE' || kind === 'DEQUANTIZE')).toBe(false);
  });

  it('read back as they were written', () => {
    const graph = readFlatbuffer(bytes());
    const again = readFlatbuffer(writeFlatbuffer(graph));
    const plain = ({ tensors, ...rest }: typeof graph) => ({
      ...rest,
      tensors: tensors.map(({ data, ...t }) => ({ ...t, data: data && [...data()] })),
    });
    expect(plain(again)).toEqual(plain(graph));
  });

  it('are refused or read when damaged, and never crash the reader', () => {
    const random = seededRandom(7);
    const original = bytes();
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const damaged = original.slice(0, round % 4 === 0 ? random.nextUint32() % original.length : original.length);
      for (let i = 0; i < 8 && damaged.length > 0; i++)
        damaged[random.nextUint32() % damaged.length] = random.nextUint32();
      const problems = tfliteExporter.validate([{ path: 'x.tflite', bytes: damaged }], model);
      if (problems.length > 0) refused++;
    }
    expect(refused).toBeGreaterThan(100);
  });
});

describe('what TFLite cannot express', () => {
  const refusal = (
    nodes: Parameters<typeof toy>[0]['nodes'],
    initializers: Parameters<typeof toy>[0]['initializers'] = [],
    out = [1, 4, 8, 8],
  ) => {
    const net = toy({ nodes, initializers, outputs: { y: out }, input: [1, 4, 8, 8] });
    const empty = { version: 1 as const, target: 'tflite', tensors: {}, nodes: {}, provenance: spec.provenance };
    return tfliteExporter.check(empty, net).problems;
  };

  it('names the node and the reason', () => {
    expect(
      refusal([op('CumSum', ['x', 'a'], ['y'])], [tensorFromArray('a', DataType.INT64, [], BigInt64Array.of(1n))])[0],
    ).toEqual({
      where: 'node "CumSum_y"',
      expected: 'an operator with a TFLite form',
      received: 'CumSum',
    });
    const [pads] = refusal(
      [createNode({ opType: 'Pad', name: 'p', inputs: ['x', 'pads'], outputs: ['y'] })],
      [tensorFromArray('pads', DataType.INT64, [8], BigInt64Array.from([0n, 0n, -1n, 0n, 0n, 0n, 0n, 0n]))],
      [1, 4, 7, 8],
    );
    expect(pads).toMatchObject({ where: 'node "p" (Pad)', expected: 'pads of 0 or more' });
    const pool = [intsAttribute('kernel_shape', [2, 2]), intsAttribute('pads', [1, 0, 0, 0])];
    expect(refusal([op('AveragePool', ['x'], ['y'], { attributes: pool })], [], [1, 4, 8, 7])[0]!.expected).toContain(
      'SAME',
    );
  });

  it('reports every node that fails by itself, and none that only lacks an input because of it', () => {
    const problems = refusal(
      [
        op('CumSum', ['x', 'a'], ['c']),
        op('Relu', ['c'], ['r']),
        op('Det', ['x'], ['d']),
        op('Add', ['r', 'd'], ['y']),
      ],
      [tensorFromArray('a', DataType.INT64, [], BigInt64Array.of(1n))],
    );
    expect(problems.map(({ received }) => received)).toEqual(['CumSum', 'Det']);
  });

  it('refuses open sizes behind the batch until they are given', () => {
    const net = toy({
      nodes: [op('Conv', ['x', 'w'], ['y'], { attributes: [intsAttribute('pads', [1, 1, 1, 1])] })],
      initializers: [weight('w', [4, 4, 3, 3], 1)],
      input: ['N', 4, 'H', 'W'],
      outputs: { y: ['N', 4, 'H', 'W'] },
    });
    const empty = { version: 1 as const, target: 'tflite', tensors: {}, nodes: {}, provenance: spec.provenance };
    expect(tfliteExporter.check(empty, net).problems[0]).toMatchObject({ where: 'input "x"', received: '[1,4,H,W]' });
    expect(tfliteExporter.check(empty, net, { shapes: { x: [1, 4, 6, 7] } }).problems).toEqual([]);
  });

  it('refuses activations of fewer codes than TFLite saturates at', () => {
    const tensor = spec.tensors['x']!;
    const narrow = { ...tensor, scheme: { ...tensor.scheme, qmin: -8, qmax: 7 } };
    const { problems } = tfliteExporter.check({ ...spec, tensors: { ...spec.tensors, x: narrow } }, model);
    expect(problems[0]).toMatchObject({ where: 'tensor "x"', expected: 'all 256 codes of 8 bits' });
  });
});
