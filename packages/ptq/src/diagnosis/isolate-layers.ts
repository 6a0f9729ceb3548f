import {
  bodyGraphs,
  copyModel,
  createGraph,
  createNode,
  createValueInfo,
  DataType,
  intAttribute,
  type Model,
  type Node,
  type Tensor,
  type ValueInfo,
} from '@bitwright/onnx';
import type { FlowLayer } from './find-layers';
import type { Flow, Quantity } from './quantity';
import { needsCast } from './real-values';
import { dequantizer, realName } from './tap-quantities';

/** The layers of a quantized model, cut apart: each reads float tensors fed from outside. */
export interface IsolatedLayers {
  readonly model: Model;
  /** Inputs of the model and the quantity (of the quantized graph) that each stands for. */
  readonly feeds: ReadonlyMap<string, Quantity>;
  /** Inputs of the original model that pieces read directly (tokens, masks). */
  readonly inputs: ReadonlySet<string>;
  readonly outputOf: ReadonlyMap<FlowLayer, string>;
  /** Why a layer is not there. */
  readonly skipped: ReadonlyMap<FlowLayer, string>;
}

/**
 * Cuts a quantized model at the ends of its layers. Every piece keeps its own quantization: the quantizers on its inputs, its
 * weights, its operators and the quantizer on its output; what it reads is fed as float.
 *
 * The pieces share one model: a tensor between two layers exists twice, as the output of one (`own:`) and as what the next
 * one is fed (`fed:`).
 *
 * @param ends - quantities at which one layer ends and the next begins
 */
export function isolateLayers(flow: Flow, layers: readonly FlowLayer[], ends: ReadonlySet<Quantity>): IsolatedLayers {
  const cutter = createCutter(flow, ends);
  const outputOf = new Map<FlowLayer, string>();
  const skipped = new Map<FlowLayer, string>();
  for (const layer of layers) {
    const problem = whyNot(layer);
    if (problem !== undefined) {
      skipped.set(layer, problem);
      continue;
    }
    const output = cutter.output(layer.match.quantized);
    if (output === undefined) skipped.set(layer, 'it reads codes whose scale is not stored in the model');
    else outputOf.set(layer, output);
  }
  return { model: cutter.model([...outputOf.values()]), feeds: cutter.feeds, inputs: cutter.inputs, outputOf, skipped };
}

/** Why a layer cannot stand alone; undefined when it can. */
function whyNot({ quantizedOperators, floatOperators }: FlowLayer): string | undefined {
  const control = quantizedOperators.find(({ node }) => bodyGraphs(node).length > 0);
  if (control !== undefined) return `it contains control flow (${control.node.opType})`;
  const heavy = quantizedOperators.filter(({ kind }) => kind === 'Conv' || kind === 'MatMul');
  const expected = floatOperators.filter(({ kind }) => kind === 'Conv' || kind === 'MatMul').length;
  return heavy.length > Math.max(1, expected) ? 'a layer before it could not be matched' : undefined;
}

// — internals —

interface Cutter {
  readonly feeds: Map<string, Quantity>;
  readonly inputs: Set<string>;
  /** Name of the float output of a layer; undefined when it cannot be built. */
  output(end: Quantity): string | undefined;
  model(outputs: readonly string[]): Model;
}

function createCutter(flow: Flow, ends: ReadonlySet<Quantity>): Cutter {
  const nodes: Node[] = [];
  const initializers = new Map<string, Tensor>();
  const feeds = new Map<string, Quantity>();
  const inputs = new Set<string>();
  const done = new Map<string, string | undefined>();

  const once = (key: string, make: () => string | undefined): string | undefined => {
    if (!done.has(key)) done.set(key, make());
    return done.get(key);
  };
  const add = (node: Parameters<typeof createNode>[0]): void => {
    nodes.push(createNode(node));
  };
  const constant = (name: string): string | undefined =>
    once(`constant:${name}`, () => {
      const tensor = flow.initializer(name);
      const source = flow.constantProducer(name);
      if (tensor !== undefined) initializers.set(name, tensor);
      if (source === undefined) return name;
      for (const input of source.input) if (input !== '') constant(input);
      for (const output of source.output) done.set(`constant:${output}`, output);
      nodes.push(source);
      return name;
    });
  const feed = (quantity: Quantity): string =>
    once(`feed:${quantity.id}`, () => {
      const name = `float:${quantity.id}`;
      feeds.set(name, quantity);
      return name;
    }) ?? '';

  /** Name of a value as a layer reads it: fed where it is the end of another layer. */
  const read = (name: string): string | undefined => {
    if (name === '') return '';
    if (flow.isConstant(name)) return constant(name);
    const quantity = flow.quantity(name);
    if (quantity === undefined || !ends.has(quantity)) return compute(name);
    if (quantity.producer === undefined && name === quantity.raw && !isReal(flow, name)) {
      inputs.add(name);
      return name;
    }
    if (name === quantity.raw) return once(`read:${name}`, () => castTo(feed(quantity), flow.dataType(name), add));
    if (quantity.raw === undefined && name === quantity.id) return once(`read:${name}`, () => requantize(quantity));
    return once(`read:${name}`, () => copyNode(name, read, 'fed:'));
  };
  /** Name of a value computed inside a layer, or of a layer's own result. */
  const compute = (name: string): string | undefined => {
    const node = flow.producerNode(name);
    if (node === undefined) {
      inputs.add(name);
      return name;
    }
    return once(`own:${name}`, () => copyNode(name, read, 'own:'));
  };
  const copyNode = (
    name: string,
    resolve: (input: string) => string | undefined,
    prefix: string,
  ): string | undefined => {
    const node = flow.producerNode(name);
    if (node === undefined) return undefined;
    const resolved = node.input.map(resolve);
    const known = resolved.filter((input) => input !== undefined);
    if (known.length < resolved.length) return undefined;
    const outputs = node.output.map((output) => (output === '' ? '' : `${prefix}${output}`));
    node.output.forEach((output, i) => {
      if (output !== '') done.set(`${prefix === 'own:' ? 'own' : 'read'}:${output}`, outputs[i]);
    });
    add({
      opType: node.opType,
      domain: node.domain,
      name: `${prefix}${name}`,
      inputs: known,
      outputs,
      attributes: node.attribute,
    });
    return `${prefix}${name}`;
  };
  const requantize = (quantity: Quantity): string | undefined => {
    if (quantity.codes === undefined) return undefined;
    const { scale, zeroPoint, axis, domain, name } = quantity.codes;
    const output = `fed:${name}`;
    const parameters = [scale, ...(zeroPoint === undefined ? [] : [zeroPoint])];
    for (const parameter of parameters) constant(parameter);
    add({
      opType: 'QuantizeLinear',
      domain,
      inputs: [feed(quantity), ...parameters],
      outputs: [output],
      ...(axis === undefined ? {} : { attributes: [intAttribute('axis', axis)] }),
    });
    return output;
  };

  return {
    feeds,
    inputs,
    output(end) {
      const own = (name: string): string | undefined => {
        if (flow.isConstant(name)) return constant(name);
        if (name === '' || flow.quantity(name) !== end) return read(name);
        return name === end.id ? compute(name) : once(`own:${name}`, () => copyNode(name, own, 'own:'));
      };
      const real = realName(end);
      if (real !== undefined) {
        const output = own(real);
        return output === undefined ? undefined : castToFloat(output, flow.dataType(real), add);
      }
      const codes = end.codes === undefined ? undefined : own(end.codes.name);
      const output = `real:${end.id}`;
      const node = codes === undefined ? undefined : dequantizer(end, codes, output);
      if (node === undefined) return undefined;
      for (const parameter of node.inputs.slice(1)) constant(parameter);
      add(node);
      return output;
    },
    model(outputs) {
      const model = copyModel(flow.model);
      const declared = new Map(flow.graph.input.map((info) => [info.name, info]));
      const kept = [...inputs].flatMap((name): ValueInfo[] => {
        const info = declared.get(name);
        return info === undefined ? [] : [info];
      });
      model.graph = createGraph({
        name: 'isolated layers',
        nodes,
        inputs: [...kept, ...[...feeds.keys()].map((name) => createValueInfo(name, DataType.FLOAT))],
        outputs: outputs.map((name) => createValueInfo(name, DataType.FLOAT)),
        initializers: [...initializers.values()],
      });
      return model;
    },
  };
}

function isReal(flow: Flow, name: string): boolean {
  const type = flow.dataType(name);
  return type === undefined || type === DataType.FLOAT || needsCast(type);
}

type AddNode = (node: Parameters<typeof createNode>[0]) => void;

/** A float32 feed in the type that the layer reads. */
function castTo(name: string, dataType: number | undefined, add: AddNode): string {
  if (!needsCast(dataType)) return name;
  const output = `${name}:cast`;
  add({ opType: 'Cast', inputs: [name], outputs: [output], attributes: [intAttribute('to', dataType ?? 0)] });
  return output;
}

/** The result of a layer as float32. */
function castToFloat(name: string, dataType: number | undefined, add: AddNode): string {
  if (!needsCast(dataType)) return name;
  const output = `${name}:float`;
  add({ opType: 'Cast', inputs: [name], outputs: [output], attributes: [intAttribute('to', DataType.FLOAT)] });
  return output;
}
