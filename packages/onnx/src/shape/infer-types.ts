import type { Graph, Node, Tensor } from '../message/types';
import type { Dim } from './dim';

/** What is known about a tensor before running the model. */
export interface TensorShape {
  /** Element type number (`DataType`); 0 when unknown. */
  readonly dataType: number;
  /** Sizes, undefined where unknown; the whole list is undefined when the rank is unknown. */
  readonly dims: readonly Dim[] | undefined;
}

/**
 * One element of a shape computation: a number, or the name of a size (never negative), or undefined when unknown.
 * Booleans are 0 and 1.
 */
export type PartialElement = number | string | undefined;

/** Content of a small tensor as far as it is known, row-major. */
export type PartialValue = readonly PartialElement[];

/** What a rule may ask about the node it infers. */
export interface InferContext {
  readonly node: Node;
  /** Version of the node's operator set. */
  readonly opset: number;
  readonly inputCount: number;
  readonly outputCount: number;
  /** Whether input i is given (not left out). */
  has(i: number): boolean;
  input(i: number): TensorShape | undefined;
  dataType(i: number): number;
  dims(i: number): readonly Dim[] | undefined;
  value(i: number): PartialValue | undefined;
  /** All elements of input i as numbers; undefined when one is not known. */
  numbers(i: number): number[] | undefined;
  int(name: string): number | undefined;
  ints(name: string): number[] | undefined;
  float(name: string): number | undefined;
  floats(name: string): number[] | undefined;
  string(name: string): string | undefined;
  tensor(name: string): Tensor | undefined;
  graph(name: string): Graph | undefined;
  /** Types of the outputs of a body graph, inferred with the values around it in scope. */
  inferBody(graph: Graph): readonly (TensorShape | undefined)[];
}

/** Types of a node's outputs, in order; undefined where nothing is known. */
export type ShapeRule = (context: InferContext) => readonly (TensorShape | undefined)[];

/** Content of a node's first output as far as it follows from the inputs; `dims` is the output's inferred shape. */
export type ValueRule = (context: InferContext, dims: readonly number[]) => PartialValue | undefined;
