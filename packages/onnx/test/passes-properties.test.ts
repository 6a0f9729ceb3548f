import { QuantError } from '@bitwright/core';
import {
  checkModel,
  convertOpset,
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  decodeModel,
  deduplicateInitializers,
  editGraph,
  eliminateDeadCode,
  encodeModel,
  type Graph,
  graphAttribute,
  graphIndex,
  inferShapes,
  type Model,
  type Node,
  peakActivationMemory,
  simplify,
  type Tensor,
  tensorFromFloat32,
} from '@bitwright/onnx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relativeDifference, runModel, sineTensor } from './run-in-onnxruntime';

/** Reproducible runs; raise `numRuns` when hunting. */
const settings = { seed: 20_240_601, numRuns: 60 } as const;
/** Identical operations in an identical order, apart from Add and Mul of constants that folding computes ahead. */
const foldedTolerance = 1e-6;

const { FLOAT, BOOL } = DataType;
const size = 4;
const unary = ['Relu', 'Neg', 'Identity', 'Sigmoid', 'Dropout', 'Abs'] as const;
const binary = ['Add', 'Mul', 'Sub', 'Max'] as const;

interface Step {
  readonly op: number;
  readonly left: number;
  readonly right: number;
  readonly branch: boolean;
}

const steps = fc.array(
  fc.record({
    op: fc.nat(unary.length + binary.length - 1),
    left: fc.nat(1000),
    right: fc.nat(1000),
    branch: fc.boolean(),
  }),
  { minLength: 1, maxLength: 25 },
);

const weight = (name: string, seed: number): Tensor =>
  tensorFromFloat32(
    name,
    FLOAT,
    [size],
    Float32Array.from({ length: size }, (_, i) => Math.cos(seed + i)),
  );

/** If(c) { then: Neg(captured) else: Abs(captured) } */
const branchNode = (captured: string, output: string, i: number): Node => {
  const body = (opType: string): Graph =>
    createGraph({
      name: `${opType}_${i}`,
      nodes: [createNode({ opType, name: `${opType}_in_${i}`, inputs: [captured], outputs: [`${opType}_out_${i}`] })],
      inputs: [],
      outputs: [createValueInfo(`${opType}_out_${i}`, FLOAT, [size])],
    });
  return createNode({
    opType: 'If',
    name: `if_${i}`,
    inputs: ['c'],
    outputs: [output],
    attributes: [graphAttribute('then_branch', body('Neg')), graphAttribute('else_branch', body('Abs'))],
  });
};

/** A random graph over x, y, three weights (two of them equal) and a flag; the last value and one more are outputs. */
const randomModel = (program: readonly Step[]): Model => {
  const values = ['x', 'y', 'w0', 'w1', 'w2'];
  const nodes = program.map(({ op, left, right, branch }, i): Node => {
    const pick = (n: number): string => values[n % values.length] ?? 'x';
    const output = `v${i}`;
    const [a, b] = [pick(left), pick(right)];
    values.push(output);
    if (branch && op === 0) return branchNode(a, output, i);
    const opType = op < unary.length ? unary[op] : binary[op - unary.length];
    const inputs = op < unary.length ? [a] : [a, b];
    return createNode({ opType: opType ?? 'Relu', name: `n${i}`, inputs, outputs: [output] });
  });
  const last = `v${program.length - 1}`;
  const middle = `v${Math.floor(program.length / 2)}`;
  const graph = createGraph({
    name: 'random',
    nodes,
    inputs: [createValueInfo('x', FLOAT, [size]), createValueInfo('y', FLOAT, [size])],
    outputs: [...new Set([last, middle])].map((name) => createValueInfo(name, FLOAT, [size])),
    initializers: [weight('w0', 0), weight('w1', 1), weight('w2', 0), tensorFromBool('c')],
  });
  return createModel({ graph, opsets: { '': 17 }, irVersion: 8 });
};

const tensorFromBool = (name: string): Tensor => {
  const tensor = weight(name, 0);
  tensor.dataType = BOOL;
  tensor.dims = [];
  tensor.rawData = Uint8Array.of(1);
  return tensor;
};

const feeds = { x: sineTensor([size]), y: sineTensor([size], 0.91) };
const labels = (model: Model): string[] => (model.graph?.node ?? []).map((node) => node.name);

describe('editGraph on random graphs', () => {
  it('keeps models valid and sorted through random edits, and never touches the original', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.tuple(fc.nat(4), fc.nat(1000)), { maxLength: 15 }), (program, edits) => {
        const model = randomModel(program);
        const before = encodeModel(model);
        const edit = editGraph(model);
        for (const [kind, n] of edits) {
          const nodes = edit.nodes();
          const node = nodes[n % nodes.length];
          if (node === undefined) continue;
          const [output = ''] = node.output;
          if (kind === 0 && node.input.length === 1 && node.opType !== 'If') edit.bypass(node);
          if (kind === 1 && !edit.isOutput(output)) edit.renameValue(output, edit.uniqueName('renamed'));
          if (kind === 2) {
            const fresh = edit.uniqueName(`${output}_copy`);
            const readers = new Set(edit.consumers(output));
            edit.addNode({ opType: 'Relu', inputs: [output], outputs: [fresh] });
            edit.replaceUses(output, fresh, {
              where: (use) => [...readers].some((r) => r.node === use.node && r.input === use.input),
            });
          }
          if (kind === 3 && edit.isOutput(output)) {
            const inner = edit.releaseOutputName(output, 'inner');
            edit.addNode({ opType: 'Neg', inputs: [inner], outputs: [output] });
          }
          if (kind === 4) {
            const { opType, input, name } = node;
            if (opType !== 'If') edit.replaceNode(node, { opType, name, inputs: input, outputs: node.output });
          }
        }
        const edited = edit.finish();
        expect(checkModel(edited)).toEqual([]);
        expect(edited.graph?.output.map((o) => o.name)).toEqual(model.graph?.output.map((o) => o.name));
        expect(Buffer.compare(encodeModel(model), before)).toBe(0);
        const index = graphIndex(edited.graph as Graph);
        expect(index.nodes).toEqual(edited.graph?.node);
        for (const node of index.nodes) {
          node.input.forEach((name, input) => {
            if (name !== '')
              expect(index.consumers(name).some((use) => use.node === node && use.input === input)).toBe(true);
          });
          for (const name of node.output) expect(index.producer(name)).toBe(node);
        }
      }),
      settings,
    );
  });

  it('keeps the same index as one built from scratch', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.tuple(fc.nat(1000), fc.nat(1000)), { maxLength: 10 }), (program, moves) => {
        const edit = editGraph(randomModel(program));
        const names = edit.nodes().flatMap((node) => node.output);
        for (const [from, to] of moves) {
          const [a = 'x', b = 'x'] = [names[from % names.length], ['x', 'y', 'w0'][to % 3]];
          edit.replaceUses(a, b);
        }
        const counted = new Map([...names, 'x', 'y', 'w0'].map((name) => [name, edit.consumers(name).length]));
        const index = graphIndex(edit.finish().graph as Graph);
        for (const [name, count] of counted) expect(index.consumers(name).length, name).toBe(count);
      }),
      settings,
    );
  });
});

describe('hostile models', () => {
  it('meet typed errors only, and checkModel never throws', () => {
    fc.assert(
      fc.property(
        steps,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (program, changes) => {
          const bytes = encodeModel(randomModel(program)).slice();
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const typed = <T>(run: () => T): T | undefined => {
            try {
              return run();
            } catch (error) {
              if (!QuantError.isInstance(error)) throw error;
              return undefined;
            }
          };
          const model = typed(() => decodeModel(bytes));
          if (model === undefined) return;
          checkModel(model, { profile: 'ort-x86' });
          typed(() => inferShapes(model));
          typed(() => simplify(model));
          typed(() => convertOpset.run(model, { target: 21 }));
          typed(() => peakActivationMemory(model));
        },
      ),
      { ...settings, numRuns: 400 },
    );
  });
});

describe('passes on random graphs', () => {
  it('eliminateDeadCode leaves only what reaches an output, and a second run finds nothing', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const { model } = eliminateDeadCode.run(randomModel(program));
        const index = graphIndex(model.graph as Graph);
        for (const node of index.nodes) {
          expect(node.output.some((name) => index.isOutput(name) || index.consumers(name).length > 0)).toBe(true);
        }
        expect(eliminateDeadCode.run(model).changes).toEqual([]);
      }),
      settings,
    );
  });

  it('deduplicateInitializers merges equal weights only', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const { model } = deduplicateInitializers.run(randomModel(program));
        expect(model.graph?.initializer.map((tensor) => tensor.name)).toEqual(['w0', 'w1', 'c']);
        expect(checkModel(model)).toEqual([]);
      }),
      settings,
    );
  });

  it('simplify is idempotent, names every node and gives a valid model', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const { model } = simplify(randomModel(program));
        expect(checkModel(model)).toEqual([]);
        expect(new Set(labels(model)).size).toBe(labels(model).length);
        expect(simplify(model).changes).toEqual([]);
      }),
      settings,
    );
  });

  it('simplify keeps the outputs in onnxruntime', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        const model = randomModel(program);
        const [before, after] = [await runModel(model, feeds), await runModel(simplify(model).model, feeds)];
        expect(relativeDifference(before, after)).toBeLessThanOrEqual(foldedTolerance);
      }),
      { ...settings, numRuns: 40 },
    );
  });
});
