import { InputDataError } from '@bitwright/core';
import { editGraph, type Model } from '@bitwright/onnx';

/**
 * The quantized model with the float model's names for its inputs and outputs. They correspond by name, else by position.
 *
 * @throws {InputDataError} when the models do not have the same number of inputs
 */
export function alignNames(float: Model, quantized: Model): Model {
  const inputs = pairNames(inputsOf(float), inputsOf(quantized));
  if (inputs === undefined) {
    const list = (names: readonly string[]): string => names.join(', ') || 'none';
    throw new InputDataError({
      operation: '[ptq] compareModels',
      expected: `a quantized model with the inputs of the float model (${list(inputsOf(float))})`,
      received: `one with ${list(inputsOf(quantized))}`,
      hint: 'Compare a quantized model with the float model it was made from.',
    });
  }
  const outputs = pairNames(outputsOf(float), outputsOf(quantized)) ?? [];
  const changed = [...inputs, ...outputs].filter(([theirs, ours]) => theirs !== ours);
  if (changed.length === 0) return quantized;
  const edit = editGraph(quantized);
  const isTaken = (name: string): boolean =>
    edit.isInput(name) || edit.producer(name) !== undefined || edit.initializer(name) !== undefined;
  for (const [theirs, ours] of changed) {
    if (isTaken(ours)) edit.renameValue(ours, edit.uniqueName(`${ours}_inner`));
    edit.renameValue(theirs, ours);
  }
  return edit.finish();
}

// — internals —

function inputsOf({ graph }: Model): readonly string[] {
  const initializers = new Set(graph?.initializer.map((tensor) => tensor.name));
  return (graph?.input ?? []).map((input) => input.name).filter((name) => !initializers.has(name));
}

function outputsOf({ graph }: Model): readonly string[] {
  return (graph?.output ?? []).map((output) => output.name);
}

/** Pairs [theirs, ours]; undefined when the numbers differ. */
function pairNames(ours: readonly string[], theirs: readonly string[]): [string, string][] | undefined {
  if (ours.length !== theirs.length) return undefined;
  const same = ours.filter((name) => theirs.includes(name));
  const left = ours.filter((name) => !same.includes(name));
  return theirs.map((name) => [name, same.includes(name) ? name : (left.shift() ?? name)]);
}
