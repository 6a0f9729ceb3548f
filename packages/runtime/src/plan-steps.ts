import {
  activationCodes,
  type ClampActivation,
  type NodeDecision,
  type QuantizationSpec,
  type RequantizationMethod,
  type Target,
  UnsupportedOperatorError,
} from '@bitwright/core';
import type { PackedModel, PackedNode } from '@bitwright/export';
import { constantsOf } from './constants';
import type { IntegerOperators } from './integer-operators';
import type { LoweringContext, Step, StepOutput } from './lowering';
import { clampBounds } from './steps/function';
import type { LoweringRegistry } from './steps/registry';
import { type ActivationCodes, activationCodesOf } from './value';

/** One step with where its inputs come from and its outputs go. */
export interface PlannedStep {
  /** Names of computed inputs by position; undefined for constants and inputs left out. */
  readonly inputs: readonly (string | undefined)[];
  /** The grid each input is read on; undefined: as it is. */
  readonly grids: readonly (ActivationCodes | undefined)[];
  readonly outputs: readonly StepOutput[];
  readonly step: Step;
  /** Tensors that nobody reads after this step. */
  readonly finished: readonly string[];
}

export interface PlanOptions {
  readonly operators: IntegerOperators;
  readonly target: Target;
  readonly method: RequantizationMethod;
  readonly lowerings: LoweringRegistry;
}

/**
 * The steps of a packed model, in order, following the spec's decisions:
 *
 * - integer, pass-through and absorbed nodes read tensors that have parameters as codes, float nodes as they are;
 * - where the target quantizes inputs and outputs, their results are codes too; where it quantizes inputs only, they are real numbers
 *   with the bias added in real numbers;
 * - a Relu or Clip that the spec calls absorbed narrows the codes of the node in front of it.
 *
 * @throws {UnsupportedOperatorError} naming the first node that does not run here
 */
export function planSteps(packed: PackedModel, options: PlanOptions): readonly PlannedStep[] {
  const { header, spec } = packed;
  const constant = constantsOf(packed);
  const readers = readersByTensor(header.nodes);
  const isResult = new Set(header.outputs.map(({ name }) => name));
  const fused = new Set<PackedNode>();
  const steps: PlannedStep[] = [];
  for (const node of header.nodes) {
    if (fused.has(node)) continue;
    const isInteger = isOnCodes(node, spec);
    const baseContext = { node, opset: header.opset, operators: options.operators, method: options.method };
    const inputConstant = (i: number) => constant(node.inputs[i] ?? '');
    const grid = (i: number): ActivationCodes | undefined =>
      isInteger && inputConstant(i) === undefined ? codesOfTensor(node.inputs[i] ?? '', spec) : undefined;
    const outputs = node.outputs.map((name): StepOutput => {
      const plain = { name, clamp: 'none' as const, codes: undefined };
      const behind = absorbedBehind(name, node, readers, spec, isResult);
      const clamp: ClampActivation =
        behind === undefined ? 'none' : clampBounds(contextOf(behind, constant, baseContext, plain));
      if (behind !== undefined) fused.add(behind);
      const last = behind?.outputs[0] ?? name;
      const isQuantized = isInteger && options.target.placement.quantize === 'inputsAndOutputs';
      const codes = isQuantized ? codesOfTensor(last, spec) : undefined;
      return { name: last, clamp, codes: codes === undefined ? undefined : narrowed(codes, clamp) };
    });
    const lowering = node.domain === '' ? options.lowerings.get(node.operator) : undefined;
    const [output] = outputs;
    if (lowering === undefined || output === undefined) throw unsupported(node);
    const context: LoweringContext = { ...baseContext, constant: inputConstant, inputCodes: grid, output };
    steps.push({
      inputs: node.inputs.map((name) => (name === '' || constant(name) !== undefined ? undefined : name)),
      grids: node.inputs.map((_, i) => grid(i)),
      outputs,
      step: lowering.lower(context),
      finished: [],
    });
  }
  return withLifetimes(steps, isResult);
}

// — internals —

/** The grid that the spec gives an activation; undefined where it has none. */
function codesOfTensor(name: string, { tensors }: QuantizationSpec): ActivationCodes | undefined {
  const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
  return tensor?.role === 'activation' ? activationCodesOf(tensor) : undefined;
}

function kindOf({ name }: PackedNode, { nodes }: QuantizationSpec): NodeDecision['kind'] | undefined {
  return Object.hasOwn(nodes, name) ? nodes[name]?.kind : undefined;
}

function isOnCodes(node: PackedNode, spec: QuantizationSpec): boolean {
  const kind = kindOf(node, spec);
  return kind !== undefined && kind !== 'float';
}

function readersByTensor(nodes: readonly PackedNode[]): ReadonlyMap<string, readonly PackedNode[]> {
  const readers = new Map<string, PackedNode[]>();
  for (const node of nodes) {
    for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
  }
  return readers;
}

/** The Relu or Clip that alone reads a tensor without parameters of its own, and that the spec calls absorbed. */
function absorbedBehind(
  name: string,
  producer: PackedNode,
  readers: ReadonlyMap<string, readonly PackedNode[]>,
  spec: QuantizationSpec,
  isResult: ReadonlySet<string>,
): PackedNode | undefined {
  const [reader, ...others] = readers.get(name) ?? [];
  const isAlone = reader !== undefined && others.length === 0 && !isResult.has(name);
  if (!isAlone || Object.hasOwn(spec.tensors, name) || !isOnCodes(producer, spec)) return undefined;
  const isAbsorbed = kindOf(reader, spec) === 'absorbed' && ['Relu', 'Clip'].includes(reader.operator);
  return isAbsorbed ? reader : undefined;
}

function contextOf(
  node: PackedNode,
  constant: ReturnType<typeof constantsOf>,
  base: Omit<LoweringContext, 'constant' | 'inputCodes' | 'output' | 'node'>,
  output: StepOutput,
): LoweringContext {
  return {
    ...base,
    node,
    output,
    constant: (i) => constant(node.inputs[i] ?? ''),
    inputCodes: () => undefined,
  };
}

function narrowed(codes: ActivationCodes, clamp: ClampActivation): ActivationCodes {
  const { qmin, qmax } = activationCodes(codes, clamp);
  return { ...codes, qmin, qmax };
}

function withLifetimes(steps: readonly PlannedStep[], isResult: ReadonlySet<string>): readonly PlannedStep[] {
  const seen = new Set<string>(isResult);
  const result: PlannedStep[] = [];
  for (const step of [...steps].reverse()) {
    const names = [...step.inputs.filter((name) => name !== undefined), ...step.outputs.map(({ name }) => name)];
    const finished = [...new Set(names)].filter((name) => !seen.has(name));
    for (const name of finished) seen.add(name);
    result.push({ ...step, finished });
  }
  return result.reverse();
}

function unsupported({ operator, domain, name }: PackedNode): UnsupportedOperatorError {
  return new UnsupportedOperatorError({
    operation: `[runtime] node "${name}"`,
    expected: 'an operator that runs here',
    received: domain === '' ? operator : `${domain}.${operator}`,
    hint: 'Run the exported ONNX file in onnxruntime instead.',
  });
}
