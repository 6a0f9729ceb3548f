import type { Node } from '@bitwright/onnx';
import { type FusedActivation, fusedActivations } from '../schema/operators';
import { absorbedClamp, emitClamp, fusedActivationOf, withoutRedundant } from './clamp';
import { addTensor, type LoweringContext, type Mode, paramsOf, valueKey } from './context';
import { refuse } from './refusal';
import type { CodeParams, TensorSize, Value } from './value';

export interface ResultOptions {
  /** Which output of the node. Default 0. */
  readonly output?: number;
  /** int8 parameters the kernel prescribes; the result is requantized to those of the spec. Default: the spec's own. */
  readonly params?: CodeParams | undefined;
  /** Whether the operator has a fused activation. Default false. */
  readonly canFuse?: boolean;
  /** Element type of results that are neither codes nor real numbers. */
  readonly type?: Value['type'];
}

/**
 * Writes one result of a node: makes the tensor, lets `emit` add the operator, and adds what the operator cannot do itself: the
 * clamp of absorbed activations and the step to the parameters of the spec. Also known under the name behind the activations.
 *
 * @throws {NodeRefusal} when int8 codes have no parameters
 */
export function writeResult(
  context: LoweringContext,
  node: Node,
  mode: Mode,
  size: TensorSize & { readonly order: readonly number[] },
  emit: (result: Value, activation: number) => void,
  options: ResultOptions = {},
): Value {
  const name = node.output[options.output ?? 0] ?? '';
  const declared = mode === 'int8' ? paramsOf(context, name) : undefined;
  if (mode === 'int8' && declared === undefined) throw refuse(node, `parameters of its output "${name}"`, 'none');
  const own = mode === 'int8' ? (options.params ?? declared) : undefined;
  const { bounds, output } = absorbedClamp(context, name);
  const needed = declared === undefined ? bounds : withoutRedundant(bounds, declared);
  const isSame = own?.scale === declared?.scale && own?.zeroPoint === declared?.zeroPoint;
  const fused: FusedActivation | undefined = options.canFuse === true && isSame ? fusedActivationOf(needed) : undefined;
  // Whether nothing is left to clamp behind the operator.
  const isWhole = fused !== undefined || fusedActivationOf(needed) === 'NONE';
  const final = finalName(context, output, mode);
  const type = options.type ?? (mode === 'int8' ? 'INT8' : 'FLOAT32');
  const result = addTensor(context, isWhole && isSame ? final : `${final}_partial`, size, { type, params: own });
  emit(result, fusedActivations[fused ?? 'NONE']);
  let value = result;
  if (declared !== undefined && !isSame) {
    value = addTensor(context, isWhole ? final : `${final}_requantized`, size, { type, params: declared });
    context.builder.operator('QUANTIZE', [result.tensor], [value.tensor]);
  }
  if (!isWhole) value = emitClamp(context, value, needed, final);
  context.values.set(valueKey(name, mode), value);
  context.values.set(valueKey(output, mode), value);
  return value;
}

/** Makes a value known under the name of a result without an operator: aliases, and transposes that only relabel axes. */
export function publishAlias(context: LoweringContext, node: Node, mode: Mode, value: Value, output = 0): void {
  const name = node.output[output] ?? '';
  const clamp = absorbedClamp(context, name);
  const declared = mode === 'int8' ? paramsOf(context, name) : undefined;
  const final = finalName(context, clamp.output, mode);
  let published = value;
  if (
    declared !== undefined &&
    (declared.scale !== value.params?.scale || declared.zeroPoint !== value.params.zeroPoint)
  ) {
    published = addTensor(context, final, value, { type: 'INT8', params: declared });
    context.builder.operator('QUANTIZE', [value.tensor], [published.tensor]);
  }
  published = emitClamp(
    context,
    published,
    declared === undefined ? clamp.bounds : withoutRedundant(clamp.bounds, declared),
    final,
  );
  context.values.set(valueKey(name, mode), published);
  context.values.set(valueKey(clamp.output, mode), published);
}

// — internals —

/** Model outputs keep their own name for the real numbers; the codes behind them get a suffix. */
function finalName({ index }: LoweringContext, name: string, mode: Mode): string {
  return mode === 'int8' && index.isOutput(name) ? `${name}_int8` : name;
}
