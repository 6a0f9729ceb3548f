import { create } from '@bufbuild/protobuf';
import { createNode, type NodeOptions } from '../message/create';
import { OperatorSetIdSchema } from '../message/schemas';
import type { Model, Node, Tensor, ValueInfo } from '../message/types';
import { bodyGraphs, definedNames, nodeLabel, walkGraphs } from './body-graphs';
import {
  claimOutput,
  createEditorState,
  editError,
  isDefined,
  redirectUses,
  renamedInfo,
  renamedTensor,
  takeNames,
} from './editor-state';
import type { GraphEditor } from './editor-types';
import { finishEdit } from './finish-edit';
import type { ValueUse } from './graph-index';
import { topologicalOrder } from './topological-order';
import type { EditableUse } from './use-table';

/**
 * Opens a model for editing. Nothing of `model` is ever changed; the copy shares its tensors.
 * Indexes are kept up to date edit by edit, so n edits of an n-node graph cost O(n), not O(n²).
 *
 * @throws {ModelFormatError} when the model has no graph or a value has two producers
 * @example
 * const edit = editGraph(model);
 * for (const node of edit.nodes()) if (node.opType === 'Identity') edit.bypass(node);
 * const smaller = edit.finish();
 */
export const editGraph = (model: Model): GraphEditor => {
  const state = createEditorState(model);
  const { nodes, producers, uses, initializers, infos } = state;

  const requireNode = (node: Node, action: string): void => {
    if (!nodes.has(node))
      throw editError(action, 'a node of this editor', `node "${nodeLabel(node)}" of another graph`);
  };
  const requireInitializer = (name: string, action: string): Tensor => {
    const tensor = initializers.get(name);
    if (tensor === undefined) throw editError(action, 'the name of an initializer', `"${name}"`);
    return tensor;
  };
  const requireVisible = (use: ValueUse, name: string, action: string): void => {
    if (use.scope === '') return;
    for (const body of bodyGraphs(use.owner)) {
      for (const visit of walkGraphs(body.graph)) {
        if (definedNames(visit.graph).has(name)) {
          const expected = `"${name}" to be visible inside the graphs of node "${nodeLabel(use.owner)}"`;
          throw editError(action, expected, 'a graph there that defines the same name');
        }
      }
    }
  };
  const setOutputs = (outputs: readonly ValueInfo[]): void => {
    state.outputs = [...outputs];
    state.outputNames = new Set(outputs.map((output) => output.name));
  };

  const addNode = (options: NodeOptions): Node => {
    const name = (options.name ?? '') === '' ? state.nodeNames.unique(options.opType) : (options.name ?? '');
    if (state.nodeNames.isTaken(name)) throw editError('addNode', `an unused node name`, `"${name}"`);
    const node = createNode({ ...options, name });
    for (const output of node.output) claimOutput(state, node, output, 'addNode');
    state.nodeNames.take(name);
    for (const body of bodyGraphs(node)) takeNames(state, body.graph);
    nodes.add(node);
    uses.addNode(node);
    state.order = undefined;
    return node;
  };
  const removeNode = (node: Node): void => {
    requireNode(node, 'removeNode');
    for (const name of node.output) if (producers.get(name) === node) producers.delete(name);
    nodes.delete(node);
    if (node.name !== '') state.nodeNames.release(node.name);
    uses.removeNode(node);
    state.order = undefined;
  };
  const setOutput = (node: Node, index: number, name: string): void => {
    requireNode(node, 'setOutput');
    const old = node.output[index] ?? '';
    if (old === name) return;
    claimOutput(state, node, name, 'setOutput');
    if (old !== '') producers.delete(old);
    while (node.output.length < index) node.output.push('');
    node.output[index] = name;
    state.order = undefined;
  };
  const replaceUses: GraphEditor['replaceUses'] = (from, to, options = {}) => {
    if (from === to) return 0;
    const { where, graphOutputs = false } = options;
    const chosen = uses.of(from).filter((use) => where === undefined || where(use));
    for (const use of chosen) requireVisible(use, to, 'replaceUses');
    redirectUses(state, chosen, to);
    if (!graphOutputs || !state.outputNames.has(from)) return chosen.length;
    setOutputs(state.outputs.map((output) => (output.name === from ? renamedInfo(output, to) : output)));
    return chosen.length + 1;
  };
  const moveProducer = (from: string, to: string, action: string): void => {
    const producer = producers.get(from);
    if (producer !== undefined) setOutput(producer, producer.output.indexOf(from), to);
    const tensor = initializers.get(from);
    if (tensor !== undefined) {
      initializers.delete(from);
      initializers.set(to, renamedTensor(tensor, to));
    }
    if (producer === undefined && tensor === undefined && !state.inputs.has(from)) {
      throw editError(action, 'the name of a value of the graph', `"${from}"`);
    }
    if (state.inputs.has(from)) {
      const renamed = [...state.inputs.values()].map((info) => (info.name === from ? renamedInfo(info, to) : info));
      state.inputs = new Map(renamed.map((info) => [info.name, info]));
    }
    const info = infos.get(from);
    if (info !== undefined) {
      infos.delete(from);
      infos.set(to, renamedInfo(info, to));
    }
    state.valueNames.take(to);
  };
  const renameValue = (from: string, to: string): void => {
    if (from === to) return;
    if (isDefined(state, to)) throw editError('renameValue', 'an unused value name', `"${to}"`);
    for (const use of uses.of(from)) requireVisible(use, to, 'renameValue');
    moveProducer(from, to, 'renameValue');
    replaceUses(from, to, { graphOutputs: true });
  };
  const releaseOutputName = (name: string, hint = name): string => {
    if (!state.outputNames.has(name) || !producers.has(name)) {
      throw editError('releaseOutputName', 'a model output that a node produces', `"${name}"`);
    }
    const fresh = state.valueNames.unique(hint);
    moveProducer(name, fresh, 'releaseOutputName');
    const info = state.outputs.find((output) => output.name === name);
    if (info !== undefined) infos.set(fresh, renamedInfo(info, fresh));
    replaceUses(name, fresh);
    return fresh;
  };
  const bypass = (node: Node, input = 0): boolean => {
    requireNode(node, 'bypass');
    const source = node.input[input] ?? '';
    const [output = '', ...others] = node.output;
    if (source === '' || others.some((name) => uses.of(name).length > 0 || state.outputNames.has(name))) return false;
    if (state.outputNames.has(output)) {
      if (!producers.has(source) || state.outputNames.has(source)) return false;
      removeNode(node);
      infos.delete(output);
      infos.delete(source);
      moveProducer(source, output, 'bypass');
      replaceUses(source, output);
      return true;
    }
    removeNode(node);
    replaceUses(output, source);
    infos.delete(output);
    return true;
  };

  return {
    model: state.model,
    graph: state.graph,
    nodes: () => {
      state.order ??= topologicalOrder(nodes);
      return state.order;
    },
    has: (node) => nodes.has(node),
    producer: (name) => producers.get(name),
    consumers: (name) => uses.of(name),
    initializer: (name) => initializers.get(name),
    initializers: () => [...initializers.values()],
    constant: (name) => (state.inputs.has(name) ? undefined : initializers.get(name)),
    inputs: () => [...state.inputs.values()],
    outputs: () => [...state.outputs],
    isInput: (name) => state.inputs.has(name) && !initializers.has(name),
    isOutput: (name) => state.outputNames.has(name),
    valueInfo: (name) =>
      state.inputs.get(name) ?? state.outputs.find((output) => output.name === name) ?? infos.get(name),
    opset: (domain = '') => {
      const found = state.model.opsetImport.find((opset) => normalDomain(opset.domain) === normalDomain(domain));
      return found === undefined ? undefined : Number(found.version);
    },
    uniqueName: (hint) => state.valueNames.unique(hint),
    uniqueNodeName: (hint) => state.nodeNames.unique(hint),
    addNode,
    removeNode,
    replaceNode: (node, ...replacements) => {
      removeNode(node);
      return replacements.map(addNode);
    },
    setInput: (node, index, name) => {
      requireNode(node, 'setInput');
      while (node.input.length < index) node.input.push('');
      node.input[index] = name;
      uses.refresh(node);
      state.order = undefined;
    },
    setInputs: (node, names) => {
      requireNode(node, 'setInputs');
      node.input = [...names];
      uses.refresh(node);
      state.order = undefined;
    },
    setOutput,
    setOperator: (node, opType, domain) => {
      requireNode(node, 'setOperator');
      node.opType = opType;
      if (domain !== undefined) node.domain = domain;
    },
    setNodeName: (node, name) => {
      requireNode(node, 'setNodeName');
      if (state.nodeNames.isTaken(name)) throw editError('setNodeName', 'an unused node name', `"${name}"`);
      if (node.name !== '') state.nodeNames.release(node.name);
      node.name = name;
      state.nodeNames.take(name);
    },
    setAttribute: (node, attribute) => {
      requireNode(node, 'setAttribute');
      const position = node.attribute.findIndex((known) => known.name === attribute.name);
      if (position < 0) node.attribute.push(attribute);
      else node.attribute[position] = attribute;
      if (attribute.g !== undefined || attribute.graphs.length > 0) uses.refresh(node);
    },
    removeAttribute: (node, name) => {
      requireNode(node, 'removeAttribute');
      node.attribute = node.attribute.filter((attribute) => attribute.name !== name);
    },
    replaceUses,
    redirect: (use, name) => {
      requireVisible(use, name, 'redirect');
      redirectUses(state, [use as EditableUse], name);
    },
    renameValue,
    releaseOutputName,
    bypass,
    addInitializer: (tensor) => {
      if (isDefined(state, tensor.name)) throw editError('addInitializer', 'an unused value name', `"${tensor.name}"`);
      initializers.set(tensor.name, tensor);
      state.valueNames.take(tensor.name);
    },
    replaceInitializer: (name, tensor) => {
      requireInitializer(name, 'replaceInitializer');
      initializers.set(name, tensor.name === name ? tensor : renamedTensor(tensor, name));
    },
    removeInitializer: (name) => {
      requireInitializer(name, 'removeInitializer');
      initializers.delete(name);
    },
    addInput: (info) => {
      if (producers.has(info.name) || state.inputs.has(info.name)) {
        throw editError('addInput', 'an unused value name', `"${info.name}"`);
      }
      state.inputs.set(info.name, info);
      state.valueNames.take(info.name);
    },
    removeInput: (name) => {
      if (!state.inputs.delete(name)) throw editError('removeInput', 'the name of a graph input', `"${name}"`);
    },
    addOutput: (info) => {
      if (state.outputNames.has(info.name))
        throw editError('addOutput', 'a new output', `"${info.name}", listed already`);
      setOutputs([...state.outputs, info]);
    },
    removeOutput: (name) => {
      if (!state.outputNames.has(name)) throw editError('removeOutput', 'the name of a graph output', `"${name}"`);
      setOutputs(state.outputs.filter((output) => output.name !== name));
    },
    setValueInfo: (info) => {
      infos.set(info.name, info);
    },
    removeValueInfo: (name) => {
      infos.delete(name);
    },
    setOpset: (domain, version) => {
      const found = state.model.opsetImport.find((opset) => normalDomain(opset.domain) === normalDomain(domain));
      if (found !== undefined) found.version = BigInt(version);
      else state.model.opsetImport.push(create(OperatorSetIdSchema, { domain, version: BigInt(version) }));
    },
    finish: () => finishEdit(state),
  };
};

/** The default operator domain has two spellings. */
const normalDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);
