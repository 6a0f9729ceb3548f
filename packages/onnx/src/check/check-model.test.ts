import { describe, expect, it } from 'vitest';
import {
  type Attribute,
  AttributeSchema,
  createGraph,
  createMessage,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  graphAttribute,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  StringEntrySchema,
  type Tensor,
  TensorSchema,
  tensorFromArray,
  tensorFromFloat32,
} from '../index';
import { assertValidModel, checkModel } from './check-model';
import type { CheckOptions } from './finding';

const { FLOAT, UINT8, INT8, INT32, INT4, INT16, BOOL } = DataType;

const floats = (name: string, values: number[], dims: number[] = [values.length]): Tensor =>
  tensorFromFloat32(name, FLOAT, dims, Float32Array.from(values));
const u8 = (name: string, values: number[], dims: number[] = []): Tensor =>
  tensorFromArray(name, UINT8, dims, Uint8Array.from(values));
const i8 = (name: string, values: number[], dims: number[] = []): Tensor =>
  tensorFromArray(name, INT8, dims, Int8Array.from(values));
const i32 = (name: string, values: number[], dims: number[] = []): Tensor =>
  tensorFromArray(name, INT32, dims, Int32Array.from(values));
const node = (
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes: Attribute[] = [],
  name = `${opType}_${outputs[0]}`,
): Node => createNode({ opType, inputs, outputs, attributes, name });

interface Parts {
  nodes: Node[];
  initializers: Tensor[];
  opset: number;
  irVersion: number;
}

/**
 * x -> Q -> DQ -> Conv(w per channel, bias) -> Relu -> Q -> DQ -> y, as onnxruntime on x86 wants it.
 * Input scale 0.5, weight scales 0.25 and 0.125, so bias scales 0.125 and 0.0625.
 */
const quantizedConv = (change: (parts: Parts) => void = () => undefined): Model => {
  const parts: Parts = {
    nodes: [
      node('QuantizeLinear', ['x', 'sx', 'zx'], ['xq']),
      node('DequantizeLinear', ['xq', 'sx', 'zx'], ['xd']),
      node('DequantizeLinear', ['wq', 'sw', 'zw'], ['wd'], [intAttribute('axis', 0)]),
      node('DequantizeLinear', ['bq', 'sb', 'zb'], ['bd'], [intAttribute('axis', 0)]),
      node('Conv', ['xd', 'wd', 'bd'], ['c'], [intsAttribute('pads', [1, 1, 1, 1])]),
      node('Relu', ['c'], ['r']),
      node('QuantizeLinear', ['r', 'sy', 'zy'], ['yq']),
      node('DequantizeLinear', ['yq', 'sy', 'zy'], ['y']),
    ],
    initializers: [
      floats('sx', [0.5], []),
      u8('zx', [128]),
      i8(
        'wq',
        Array.from({ length: 2 * 3 * 9 }, (_, i) => (i % 200) - 100),
        [2, 3, 3, 3],
      ),
      floats('sw', [0.25, 0.125]),
      i8('zw', [0, 0], [2]),
      i32('bq', [5, -7], [2]),
      floats('sb', [0.125, 0.0625]),
      i32('zb', [0, 0], [2]),
      floats('sy', [0.5], []),
      u8('zy', [0]),
    ],
    opset: 17,
    irVersion: 8,
  };
  change(parts);
  return createModel({
    graph: createGraph({
      name: 'conv',
      nodes: parts.nodes,
      inputs: [createValueInfo('x', FLOAT, ['N', 3, 8, 8])],
      outputs: [createValueInfo('y', FLOAT, ['N', 2, 8, 8])],
      initializers: parts.initializers,
    }),
    opsets: { '': parts.opset },
    irVersion: parts.irVersion,
  });
};

const replaced = (parts: Parts, tensor: Tensor): void => {
  parts.initializers = parts.initializers.map((old) => (old.name === tensor.name ? tensor : old));
};
const nodeOf = (parts: Parts, output: string): Node => parts.nodes.find((each) => each.output.includes(output))!;
const withAxis = (parts: Parts, output: string, axis: number): void => {
  const dq = nodeOf(parts, output);
  dq.attribute = [intAttribute('axis', axis)];
};

/** `severity code` of every finding. */
const codes = (model: Model, options?: CheckOptions): string[] =>
  checkModel(model, options).map(({ severity, code }) => `${severity} ${code}`);
const x86 = { profile: 'ort-x86' } as const;

/** A model of some nodes from `x` [2,3,8,8] to `y`. */
const floatModel = (nodes: Node[], initializers: Tensor[] = [], opset = 17): Model =>
  createModel({
    graph: createGraph({
      name: 'g',
      nodes,
      inputs: [createValueInfo('x', FLOAT, [2, 3, 8, 8])],
      outputs: [createValueInfo('y', FLOAT, [2, 3, 8, 8])],
      initializers,
    }),
    opsets: { '': opset },
    irVersion: 8,
  });
const relu = (): Model => floatModel([node('Relu', ['x'], ['y'])]);

describe('checkModel on sound models', () => {
  it('finds nothing in a float model', () => {
    expect(checkModel(relu())).toEqual([]);
  });

  it('finds nothing in a quantized convolution, for any runtime and for onnxruntime on x86', () => {
    expect(checkModel(quantizedConv())).toEqual([]);
    expect(checkModel(quantizedConv(), x86)).toEqual([]);
    expect(() => assertValidModel(quantizedConv(), x86)).not.toThrow();
  });
});

describe('checkModel on headers', () => {
  const header: [string, (model: Model) => void, string, CheckOptions?][] = [
    [
      'no ir_version',
      (m) => {
        m.irVersion = 0n;
      },
      'error ir-version',
    ],
    [
      'an ir_version newer than known',
      (m) => {
        m.irVersion = 14n;
      },
      'warning ir-version',
    ],
    [
      'an ir_version onnxruntime refuses',
      (m) => {
        m.irVersion = 14n;
      },
      'error ir-version',
      x86,
    ],
    [
      'an ir_version too old for the opset',
      (m) => {
        m.irVersion = 4n;
      },
      'warning ir-version',
    ],
    [
      'no opset_import',
      (m) => {
        m.opsetImport = [];
      },
      'error opset-import',
    ],
    [
      'an operator set imported twice',
      (m) => {
        m.opsetImport.push(m.opsetImport[0]!);
      },
      'error opset-import',
    ],
    [
      'operator set version 0',
      (m) => {
        m.opsetImport[0]!.version = 0n;
      },
      'error opset-import',
    ],
    [
      'an opset onnxruntime refuses',
      (m) => {
        m.opsetImport[0]!.version = 27n;
        m.irVersion = 13n;
      },
      'error opset-import',
      x86,
    ],
    [
      'no graph',
      (m) => {
        delete m.graph;
      },
      'error graph',
    ],
    [
      'a graph without a name',
      (m) => {
        m.graph!.name = '';
      },
      'error graph-name',
    ],
    [
      'an output without a type',
      (m) => {
        delete m.graph!.output[0]!.type;
      },
      'error value-type',
    ],
    [
      'an input without an element type',
      (m) => {
        m.graph!.input[0] = createValueInfo('x', 0, [1]);
      },
      'error value-type',
    ],
    [
      'an input without a shape',
      (m) => {
        m.graph!.input[0] = createValueInfo('x', FLOAT);
      },
      'error value-type',
    ],
    [
      'an input without a name',
      (m) => {
        m.graph!.input.push(createValueInfo('', FLOAT, [1]));
      },
      'error value-name',
    ],
    [
      'an output listed twice',
      (m) => {
        m.graph!.output.push(m.graph!.output[0]!);
      },
      'error duplicate-value',
    ],
  ];
  for (const [title, break_, expected, options] of header) {
    it(`reports ${title}`, () => {
      const model = relu();
      break_(model);
      expect(codes(model, options)).toContain(expected);
    });
  }

  it('reports an initializer among the graph inputs: a warning in general, an error for onnxruntime', () => {
    const model = floatModel([node('Add', ['x', 'w'], ['y'])], [floats('w', [1])]);
    model.graph!.input.push(createValueInfo('w', FLOAT, [1]));
    expect(codes(model)).toEqual(['warning initializer-is-input']);
    expect(codes(model, x86)).toEqual(['error initializer-is-input']);
  });
});

describe('checkModel on structure', () => {
  it('reports a value with two producers', () => {
    expect(codes(floatModel([node('Relu', ['x'], ['y']), node('Neg', ['x'], ['y'])]))).toEqual([
      'error duplicate-value',
    ]);
  });

  it('reports a node that overwrites an input or an initializer', () => {
    expect(codes(floatModel([node('Relu', ['x'], ['y']), node('Neg', ['x'], ['x'])]))).toEqual([
      'error duplicate-value',
    ]);
    expect(codes(floatModel([node('Relu', ['x'], ['y']), node('Neg', ['x'], ['w'])], [floats('w', [1])]))).toEqual([
      'error duplicate-value',
    ]);
  });

  it('reports two initializers of one name and one without a name', () => {
    expect(codes(floatModel([node('Relu', ['x'], ['y'])], [floats('w', [1]), floats('w', [2])]))).toEqual([
      'error duplicate-value',
    ]);
    expect(codes(floatModel([node('Relu', ['x'], ['y'])], [floats('', [1])]))).toEqual(['error value-name']);
  });

  it('reports a value read before it is produced', () => {
    expect(codes(floatModel([node('Relu', ['a'], ['y']), node('Neg', ['x'], ['a'])]))).toEqual(['error order']);
  });

  it('reports values that nothing defines, naming the reader', () => {
    const [first, second] = checkModel(floatModel([node('Relu', ['nowhere'], ['a'])]));
    expect(first).toMatchObject({ code: 'undefined-value', node: 'Relu_a', tensor: 'nowhere' });
    expect(second).toMatchObject({ code: 'undefined-value', tensor: 'y' });
  });

  it('reports a node without an output and one without an operator', () => {
    expect(codes(floatModel([node('Relu', ['x'], ['y']), node('Neg', ['x'], [])]))).toEqual(['error node-output']);
    expect(codes(floatModel([node('', ['x'], ['y'])]))).toEqual(['error operator']);
  });

  it('reports node names used twice as a warning', () => {
    expect(codes(floatModel([node('Neg', ['x'], ['a'], [], 'n'), node('Relu', ['a'], ['y'], [], 'n')]))).toEqual([
      'warning duplicate-node-name',
    ]);
  });

  it('reports operators the opset does not have: unknown, too new, withdrawn', () => {
    const messages = (model: Model): string[] => checkModel(model).map(({ message }) => message);
    expect(messages(floatModel([node('Convolve', ['x'], ['y'])]))[0]).toMatch(/no opset of ai.onnx has it/);
    expect(messages(floatModel([node('Gelu', ['x'], ['y'])]))[0]).toMatch(/since opset 20/);
    expect(messages(floatModel([node('Upsample', ['x'], ['y'])]))[0]).toMatch(/withdrew it in favour of Resize/);
  });

  it('reports an operator set that is not imported, and unknown contrib operators and domains', () => {
    const model = relu();
    model.graph!.node[0]!.domain = 'com.microsoft';
    expect(codes(model)).toEqual(['error domain-not-imported']);
    model.opsetImport[0]!.domain = 'com.microsoft';
    expect(codes(model)).toContain('warning operator');
    model.graph!.node[0]!.domain = 'my.domain';
    model.opsetImport[0]!.domain = 'my.domain';
    expect(codes(model)).toContain('warning operator');
  });

  const attribute: [string, Attribute[]][] = [
    ['without a type', [createMessage(AttributeSchema, { name: 'axis', i: 1n })]],
    ['with a type from the future', [createMessage(AttributeSchema, { name: 'axis', type: 99 })]],
    ['twice', [intAttribute('axis', 1), intAttribute('axis', 1)]],
    ['without a name', [intAttribute('', 1)]],
    ['that promises a tensor and holds none', [createMessage(AttributeSchema, { name: 'axis', type: 4 })]],
    [
      'that refers to a function attribute outside a function',
      [createMessage(AttributeSchema, { name: 'axis', type: 2, refAttrName: 'a' })],
    ],
  ];
  for (const [title, attributes] of attribute) {
    it(`reports an attribute ${title}`, () => {
      expect(codes(floatModel([node('Softmax', ['x'], ['y'], attributes)]))).toEqual(['error attribute']);
    });
  }

  const conditional = (elseNodes: Node[], output: string): Model => {
    const branch = (nodes: Node[], name: string) =>
      createGraph({ name: 'b', nodes, inputs: [], outputs: [createValueInfo(name, FLOAT, [2, 3, 8, 8])] });
    const model = floatModel(
      [
        node('Neg', ['x'], ['a']),
        node(
          'If',
          ['c'],
          ['y'],
          [
            graphAttribute('then_branch', branch([node('Relu', ['a'], ['t'])], 't')),
            graphAttribute('else_branch', branch(elseNodes, output)),
          ],
          'if_1',
        ),
      ],
      [tensorFromArray('c', BOOL, [], Uint8Array.of(1))],
    );
    return model;
  };

  it('follows values into body graphs and reports problems there with their path', () => {
    expect(codes(conditional([node('Abs', ['a'], ['e'])], 'e'))).toEqual([]);
    expect(checkModel(conditional([node('Abs', ['nowhere'], ['e'])], 'e'))[0]).toMatchObject({
      code: 'undefined-value',
      node: 'if_1/else_branch/Abs_e',
    });
  });

  it('reports an inner name that hides an outer one', () => {
    expect(codes(conditional([node('Abs', ['x'], ['a'])], 'a'))).toEqual(['error shadowed-value']);
  });
});

describe('checkModel on tensors', () => {
  const withTensor = (tensor: Tensor): Model => floatModel([node('Relu', ['x'], ['y'])], [tensor]);
  const raw = (byteLength: number) =>
    createMessage(TensorSchema, { name: 'w', dataType: FLOAT, dims: [2n], rawData: new Uint8Array(byteLength) });
  const external = (entries: Record<string, string>): Tensor =>
    createMessage(TensorSchema, {
      name: 'w',
      dataType: FLOAT,
      dims: [2n],
      dataLocation: 1,
      externalData: Object.entries(entries).map(([key, value]) => createMessage(StringEntrySchema, { key, value })),
    });

  it('reports payloads that are too short, too long, missing, doubled or in the wrong field', () => {
    expect(codes(withTensor(raw(8)))).toEqual([]);
    for (const length of [4, 12]) expect(codes(withTensor(raw(length)))).toEqual(['error tensor-payload']);
    expect(codes(withTensor(createMessage(TensorSchema, { name: 'w', dataType: FLOAT, dims: [2n] })))).toEqual([
      'error tensor-payload',
    ]);
    const doubled = raw(8);
    doubled.floatData = [1, 2];
    expect(codes(withTensor(doubled))).toEqual(['error tensor-payload']);
    const wrongField = createMessage(TensorSchema, { name: 'w', dataType: FLOAT, dims: [2n], int32Data: [1, 2] });
    expect(codes(withTensor(wrongField))).toEqual(['error tensor-payload']);
  });

  it('reports negative dims and unknown data types', () => {
    expect(codes(withTensor(createMessage(TensorSchema, { name: 'w', dataType: FLOAT, dims: [-2n] })))).toEqual([
      'error tensor-payload',
    ]);
    expect(codes(withTensor(createMessage(TensorSchema, { name: 'w', dataType: 99, dims: [] })))).toEqual([
      'error data-type',
    ]);
  });

  it('reports a data type that the ir_version does not have yet', () => {
    expect(codes(withTensor(tensorFromArray('w', INT4, [2], Int8Array.of(1, -1))))).toEqual(['error data-type-ir']);
  });

  it('reports external data outside the model folder, of the wrong length, or with unknown keys', () => {
    expect(codes(withTensor(external({ location: 'w.bin' })))).toEqual([]);
    expect(codes(withTensor(external({ location: '../w.bin' })))).toEqual(['error external-data']);
    expect(codes(withTensor(external({ location: 'w.bin', length: '4' })))).toEqual(['error external-data']);
    expect(codes(withTensor(external({ location: 'w.bin', colour: 'red' })))).toEqual(['warning external-data']);
  });

  it('compares external data with the files when it can ask for their size', () => {
    const size = (location: string): number | undefined => (location === 'w.bin' ? 100 : undefined);
    const options = { external: { size } };
    expect(codes(withTensor(external({ location: 'w.bin', offset: '92' })), options)).toEqual([]);
    expect(codes(withTensor(external({ location: 'w.bin', offset: '96' })), options)).toEqual(['error external-data']);
    expect(codes(withTensor(external({ location: 'gone.bin' })), options)).toEqual(['error external-data']);
  });

  it('reports external data in an attribute', () => {
    const value = createMessage(AttributeSchema, { name: 'value', type: 4, t: external({ location: 'w.bin' }) });
    expect(codes(floatModel([node('Constant', [], ['k'], [value]), node('Relu', ['x'], ['y'])]))).toEqual([
      'error external-data',
    ]);
  });
});

describe('checkModel on quantization', () => {
  const quantization: [string, (parts: Parts) => void, string, CheckOptions?][] = [
    ['a scale of 0', (p) => replaced(p, floats('sx', [0], [])), 'error scale-invalid'],
    ['a negative scale', (p) => replaced(p, floats('sw', [0.25, -0.125])), 'error scale-invalid'],
    ['a NaN scale', (p) => replaced(p, floats('sy', [Number.NaN], [])), 'error scale-invalid'],
    ['an infinite scale', (p) => replaced(p, floats('sy', [Number.POSITIVE_INFINITY], [])), 'error scale-invalid'],
    ['a subnormal scale', (p) => replaced(p, floats('sy', [2 ** -130], [])), 'error scale-invalid'],
    ['a tiny scale', (p) => replaced(p, floats('sy', [2 ** -50], [])), 'warning scale-tiny'],
    [
      'fewer scales than channels',
      (p) => {
        replaced(p, floats('sw', [0.25, 0.125, 1]));
        replaced(p, i8('zw', [0, 0, 0], [3]));
      },
      'error scale-length',
    ],
    ['an axis beyond the rank', (p) => withAxis(p, 'wd', 4), 'error axis-range'],
    ['a zero point of another shape', (p) => replaced(p, i8('zw', [0])), 'error zero-point-shape'],
    [
      'a zero point of another type',
      (p) => {
        nodeOf(p, 'wd').input[2] = 'zw2';
        p.initializers.push(u8('zw2', [0, 0], [2]));
      },
      'error zero-point-type',
    ],
    [
      'no zero point',
      (p) => {
        nodeOf(p, 'yq').input.pop();
      },
      'warning zero-point-missing',
    ],
    [
      'no zero point, which onnxruntime may refuse',
      (p) => {
        nodeOf(p, 'yq').input.pop();
      },
      'error zero-point-missing',
      x86,
    ],
    [
      'different parameters in a QuantizeLinear and the DequantizeLinear behind it',
      (p) => {
        nodeOf(p, 'y').input[2] = 'zx';
      },
      'error qdq-parameters',
    ],
    [
      'weights quantized along the wrong axis',
      (p) => {
        withAxis(p, 'wd', 1);
        replaced(p, floats('sw', [1, 1, 1]));
        replaced(p, i8('zw', [0, 0, 0], [3]));
      },
      'warning weight-axis',
    ],
    [
      'weights quantized along the wrong axis, on which onnxruntime fails',
      (p) => {
        withAxis(p, 'wd', 1);
        replaced(p, floats('sw', [1, 1, 1]));
        replaced(p, i8('zw', [0, 0, 0], [3]));
      },
      'error weight-axis',
      x86,
    ],
    ['a zero point for int8 weights', (p) => replaced(p, i8('zw', [0, 3], [2])), 'error weight-zero-point', x86],
    ['a zero point for the bias', (p) => replaced(p, i32('zb', [0, 3], [2])), 'error bias'],
    ['a bias scale that is not the product', (p) => replaced(p, floats('sb', [0.125, 0.0626])), 'warning bias'],
    [
      'a bias scale that keeps onnxruntime in float',
      (p) => replaced(p, floats('sb', [0.125, 0.0626])),
      'error bias',
      x86,
    ],
    [
      'a bias that is not int32',
      (p) => {
        replaced(p, i8('bq', [5, -7], [2]));
        replaced(p, i8('zb', [0, 0], [2]));
      },
      'error bias',
    ],
    [
      'a bias that overflows the accumulator',
      (p) => replaced(p, i32('bq', [2_147_483_647, 0], [2])),
      'error accumulator-overflow',
    ],
    [
      'block_size before opset 21',
      (p) => {
        nodeOf(p, 'wd').attribute.push(intAttribute('block_size', 2));
      },
      'error block-shape',
    ],
  ];
  for (const [title, break_, expected, options] of quantization) {
    it(`reports ${title}`, () => {
      expect(codes(quantizedConv(break_), options)).toContain(expected);
    });
  }

  it('checks blocked scales: one per block along the axis', () => {
    const blocked = (dims: number[]): Model => {
      const count = dims.reduce((a, b) => a * b, 1);
      const model = floatModel(
        [
          node(
            'DequantizeLinear',
            ['wq', 'sw', 'zw'],
            ['wd'],
            [intAttribute('axis', 0), intAttribute('block_size', 16)],
          ),
          node('MatMul', ['x', 'wd'], ['y']),
        ],
        [
          i8('wq', new Array<number>(40 * 4).fill(1), [40, 4]),
          floats('sw', new Array<number>(count).fill(1), dims),
          i8('zw', new Array<number>(count).fill(0), dims),
        ],
        21,
      );
      model.irVersion = 10n;
      return model;
    };
    expect(codes(blocked([3, 4]))).toEqual([]);
    expect(codes(blocked([2, 4]))).toEqual(['error block-shape']);
  });

  it('warns when parameters are computed at run time', () => {
    const model = quantizedConv((p) => {
      p.initializers = p.initializers.filter((tensor) => tensor.name !== 'sy');
      p.nodes.unshift(node('ReduceMax', ['x'], ['sy'], [intAttribute('keepdims', 0)]));
    });
    expect(codes(model)).toEqual(['warning parameters-not-constant', 'warning parameters-not-constant']);
  });

  it('checks the scales of integer operators too', () => {
    const model = floatModel(
      [
        node('QuantizeLinear', ['x', 's', 'z'], ['q']),
        createNode({
          opType: 'QLinearAdd',
          domain: 'com.microsoft',
          name: 'add',
          inputs: ['q', 's', 'z', 'q', 'bad', 'z', 's', 'z'],
          outputs: ['sum'],
        }),
        node('DequantizeLinear', ['sum', 's', 'z'], ['y']),
      ],
      [floats('s', [1], []), floats('bad', [0], []), u8('z', [0])],
    );
    model.opsetImport.push(
      ...createModel({ graph: model.graph!, opsets: { 'com.microsoft': 1 }, irVersion: 8 }).opsetImport,
    );
    expect(checkModel(model)).toMatchObject([{ code: 'scale-invalid', node: 'add', tensor: 'bad' }]);
  });
});

describe('checkModel for onnxruntime on x86', () => {
  const cases: [string, (parts: Parts) => void, string][] = [
    [
      'a Relu that the quantizer does not make redundant',
      (p) => replaced(p, u8('zy', [3])),
      'warning activation-not-absorbed',
    ],
    [
      'a convolution whose output is not quantized',
      (p) => {
        p.nodes = p.nodes.slice(0, 5);
        p.nodes.push(node('Sigmoid', ['c'], ['y']));
      },
      'warning output-not-quantized',
    ],
    [
      'quantizers between Conv and Relu',
      (p) => {
        p.nodes.splice(
          5,
          1,
          node('QuantizeLinear', ['c', 'sy', 'zy'], ['cq']),
          node('DequantizeLinear', ['cq', 'sy', 'zy'], ['cd']),
          node('Relu', ['cd'], ['r']),
        );
      },
      'warning quantizer-before-relu',
    ],
    [
      'different types before and after',
      (p) => {
        p.initializers.push(i8('zs', [-128]));
        nodeOf(p, 'yq').input[2] = 'zs';
        nodeOf(p, 'y').input[2] = 'zs';
      },
      'warning mixed-types',
    ],
    [
      '16-bit activations',
      (p) => {
        p.initializers.push(tensorFromArray('z16', INT16, [], Int16Array.of(0)));
        for (const name of ['xq', 'xd']) nodeOf(p, name).input[2] = 'z16';
        p.opset = 21;
        p.irVersion = 10;
      },
      'warning sixteen-bit',
    ],
    [
      'int8 activations with several readers',
      (p) => {
        replaced(p, i8('zx', [0]));
        p.nodes.push(node('Relu', ['xd'], ['other']));
      },
      'warning int8-fan-out',
    ],
    [
      'a pass-through operator that changes scale',
      (p) => {
        p.initializers.push(floats('sp', [0.75], []));
        p.nodes.push(
          node('MaxPool', ['y'], ['p'], [intsAttribute('kernel_shape', [2, 2])]),
          node('QuantizeLinear', ['p', 'sp', 'zy'], ['pq']),
        );
      },
      'warning pass-through-parameters',
    ],
    [
      'a quantized MaxPool before opset 12',
      (p) => {
        p.opset = 11;
        p.nodes.push(node('MaxPool', ['y'], ['p'], [intsAttribute('kernel_shape', [2, 2])]));
      },
      'warning max-pool-opset',
    ],
  ];
  for (const [title, break_, expected] of cases) {
    it(`reports ${title}`, () => {
      const model = quantizedConv(break_);
      expect(codes(model, x86)).toContain(expected);
      expect(codes(model)).not.toContain(expected);
    });
  }

  it('accepts Clip(0, 6) only where the quantizer covers no more than that', () => {
    const clipped = (scale: number): Model =>
      quantizedConv((p) => {
        p.initializers.push(floats('low', [0], []), floats('high', [6], []));
        p.nodes[5] = node('Clip', ['c', 'low', 'high'], ['r']);
        replaced(p, floats('sy', [scale], []));
      });
    expect(codes(clipped(6 / 255), x86)).toEqual([]);
    expect(codes(clipped(0.1), x86)).toEqual(['warning activation-not-absorbed']);
  });
});

describe('assertValidModel', () => {
  it('lists the first errors and how many there are', () => {
    const model = relu();
    model.graph!.name = '';
    model.irVersion = 0n;
    expect(() => assertValidModel(model)).toThrow(/2 errors: \(ir-version\).*\(graph-name\)/);
  });

  it('passes warnings', () => {
    const model = relu();
    model.irVersion = 14n;
    expect(() => assertValidModel(model)).not.toThrow();
  });

  it('refuses an unknown profile', () => {
    expect(() => checkModel(relu(), { profile: 'tpu' as 'onnx' })).toThrow(/profile 'onnx' or 'ort-x86', received tpu/);
  });
});
