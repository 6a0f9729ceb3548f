import type { NodeOptions } from '../message/create';
import type { Attribute, Graph, Model, Node, Tensor, ValueInfo } from '../message/types';
import type { ValueUse } from './graph-index';

/** Which places `replaceUses` redirects. */
export interface ReplaceUsesOptions {
  /** Redirects only the places for which this returns true. Default: all. */
  readonly where?: (use: ValueUse) => boolean;
  /** Also lets graph outputs named `from` read `to`; this renames the model's output. Default false. */
  readonly graphOutputs?: boolean;
}

/**
 * Edits one model's main graph. The model given to `editGraph` is never changed; tensors are shared with it.
 *
 * Nodes returned here belong to the editor: change their inputs, outputs and attributes only through it, so
 * that its index stays true. Between edits the graph may be incomplete; `finish` checks it.
 */
export interface GraphEditor {
  /** The copy under edit. Its lists are brought up to date by `finish` only. */
  readonly model: Model;
  /** The main graph of the copy. Its lists are brought up to date by `finish` only. */
  readonly graph: Graph;

  // Reading
  /** Snapshot of the nodes, producers before consumers. */
  nodes(): readonly Node[];
  has(node: Node): boolean;
  producer(name: string): Node | undefined;
  /** Every node input that reads `name`, inside body graphs too. Graph outputs are told by `isOutput`. */
  consumers(name: string): readonly ValueUse[];
  initializer(name: string): Tensor | undefined;
  initializers(): readonly Tensor[];
  /** Initializer that callers cannot override: it exists and is not listed as a graph input. */
  constant(name: string): Tensor | undefined;
  /** Graph inputs, including those that merely give an initializer a type. */
  inputs(): readonly ValueInfo[];
  outputs(): readonly ValueInfo[];
  isInput(name: string): boolean;
  isOutput(name: string): boolean;
  valueInfo(name: string): ValueInfo | undefined;
  /** Version of an operator set; `''` is ai.onnx. */
  opset(domain?: string): number | undefined;

  // Names
  /** A value name that nothing in the model uses yet, body graphs included: `hint`, else `hint_1`, `hint_2`, … */
  uniqueName(hint: string): string;
  /** A node name that nothing in the model uses yet. */
  uniqueNodeName(hint: string): string;

  // Nodes
  /**
   * Adds a node; its place follows from what it reads. Without a name it gets a unique one from its operator.
   * @throws {InvalidArgumentError} when the node name or an output name is taken
   */
  addNode(options: NodeOptions): Node;
  /** Removes a node. Whoever still reads its outputs must be redirected, or given a new producer, before `finish`. */
  removeNode(node: Node): void;
  /** Removes `node` and adds the new ones, which may take over its name and the names of its outputs. */
  replaceNode(node: Node, ...replacements: readonly NodeOptions[]): readonly Node[];
  setInput(node: Node, index: number, name: string): void;
  setInputs(node: Node, names: readonly string[]): void;
  /** @throws {InvalidArgumentError} when the new output name is taken */
  setOutput(node: Node, index: number, name: string): void;
  setOperator(node: Node, opType: string, domain?: string): void;
  setNodeName(node: Node, name: string): void;
  /** Adds the attribute or replaces the one of the same name. */
  setAttribute(node: Node, attribute: Attribute): void;
  removeAttribute(node: Node, name: string): void;

  // Values
  /** Redirects the places that read `from` to read `to`. Returns how many changed. */
  replaceUses(from: string, to: string, options?: ReplaceUsesOptions): number;
  /** Redirects one place. */
  redirect(use: ValueUse, name: string): void;
  /** Renames a value everywhere: producer, consumers, initializer, inputs, outputs, value_info. */
  renameValue(from: string, to: string): void;
  /**
   * Makes room to put nodes between a graph output and its producer: the producer and all consumers move to a
   * new name, which is returned; the caller must then add a node that produces `name`.
   */
  releaseOutputName(name: string, hint?: string): string;
  /**
   * Removes a node that passes `node.input[input]` through as its first output. Model outputs keep their names.
   * Returns false, changing nothing, when the names of the model's inputs and outputs forbid it.
   */
  bypass(node: Node, input?: number): boolean;

  // Initializers, inputs, outputs
  /** @throws {InvalidArgumentError} when the name is taken */
  addInitializer(tensor: Tensor): void;
  /** Puts `tensor` in the place of the initializer `name` and takes over its name (the tensor given is not changed). */
  replaceInitializer(name: string, tensor: Tensor): void;
  removeInitializer(name: string): void;
  addInput(info: ValueInfo): void;
  removeInput(name: string): void;
  addOutput(info: ValueInfo): void;
  removeOutput(name: string): void;
  /** Declares the type of an inner value; replaces an earlier declaration. */
  setValueInfo(info: ValueInfo): void;
  removeValueInfo(name: string): void;
  /** Adds an operator set or changes its version. */
  setOpset(domain: string, version: number): void;

  /**
   * The edited model, nodes in topological order, value_info only for values that exist. The editor must not be
   * used afterwards.
   * @throws {ModelFormatError} when a value is read that nothing produces, or the nodes form a cycle
   */
  finish(): Model;
}
