import { findTarget, type NodeDecision, QuantError, type Target } from '@bitwright/core';
import { planPlacement } from '@bitwright/export';
import {
  checkModel,
  countMacs,
  dataTypeName,
  type Model,
  opsetVersion,
  peakActivationMemory,
  tensorByteLength,
  type ValueInfo,
} from '@bitwright/onnx';
import { batchOfOne } from './batch-of-one';
import { defaultTarget } from './default-target';
import { exclusionFilter } from './exclusions';
import { prepareModel } from './prepare-model';

/** What is in a model and what a target could make of it: plain JSON data. */
export interface ModelInspection {
  readonly name: string;
  readonly producer: string;
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly InspectedValue[];
  readonly outputs: readonly InspectedValue[];
  readonly operators: readonly { readonly domain: string; readonly opType: string; readonly count: number }[];
  readonly parameters: number;
  /** Bytes of initializers by element type. */
  readonly weightBytes: Readonly<Record<string, number>>;
  /** Multiply–accumulates of one run at batch 1; undefined when shapes are not known. */
  readonly macs: number | undefined;
  readonly peakActivationBytes: number | undefined;
  /** What becomes of every node on the target; undefined when the model cannot be prepared (see warnings). */
  readonly plan: { readonly target: string; readonly nodes: readonly PlannedNode[] } | undefined;
  readonly warnings: readonly string[];
}

export interface InspectedValue {
  readonly name: string;
  readonly type: string;
  readonly dims: readonly (number | string)[];
}

export interface PlannedNode {
  readonly node: string;
  readonly opType: string;
  readonly decision: NodeDecision['kind'];
  readonly reason?: string;
}

export interface InspectOptions {
  readonly target?: Target | string;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Globs over node names, or `op:Type`, that the plan leaves in float. */
  readonly exclude?: readonly string[];
}

/**
 * Reads a model without running it.
 *
 * @throws {InvalidArgumentError} for an unknown target or an exclusion that matches nothing
 */
export function inspectModel(model: Model, options: InspectOptions = {}): ModelInspection {
  const { target: wanted = defaultTarget() } = options;
  const target = typeof wanted === 'string' ? findTarget(wanted) : wanted;
  const warnings = checkModel(model).map((issue) => `${issue.severity}: ${issue.message}`);
  const graph = model.graph;
  const initializers = new Set(graph?.initializer.map((tensor) => tensor.name));
  const shapes = { ...batchOfOne(model), ...options.shapes };
  const macs = countMacs(model, shapes);
  const memory = peakActivationMemory(model, shapes);
  const weightBytes: Record<string, number> = {};
  let parameters = 0;
  for (const tensor of graph?.initializer ?? []) {
    const type = dataTypeName(tensor.dataType);
    weightBytes[type] = (weightBytes[type] ?? 0) + tensorByteLength(tensor);
    parameters += tensor.dims.reduce((product, d) => product * Number(d), 1);
  }
  const counts = new Map<string, { domain: string; opType: string; count: number }>();
  for (const { domain, opType } of graph?.node ?? []) {
    const entry = counts.get(`${domain}:${opType}`) ?? { domain, opType, count: 0 };
    counts.set(`${domain}:${opType}`, { ...entry, count: entry.count + 1 });
  }
  return {
    name: graph?.name ?? '',
    producer: [model.producerName, model.producerVersion].filter((text) => text !== '').join(' '),
    irVersion: Number(model.irVersion),
    opsets: {
      ...Object.fromEntries(model.opsetImport.map((o) => [o.domain === '' ? 'ai.onnx' : o.domain, Number(o.version)])),
      'ai.onnx': opsetVersion(model),
    },
    inputs: (graph?.input ?? []).filter((input) => !initializers.has(input.name)).map(describeValue),
    outputs: (graph?.output ?? []).map(describeValue),
    operators: [...counts.values()].sort((a, b) => b.count - a.count || (a.opType < b.opType ? -1 : 1)),
    parameters,
    weightBytes,
    macs: macs.unknown.length === 0 ? macs.total : undefined,
    peakActivationBytes: memory.unknown.length === 0 ? memory.peakBytes : undefined,
    plan: planNodes(model, target, options, warnings),
    warnings,
  };
}

function planNodes(
  model: Model,
  target: Target,
  { shapes, exclude = [] }: InspectOptions,
  warnings: string[],
): ModelInspection['plan'] {
  try {
    const prepared = prepareModel(model).model;
    const placement = planPlacement(prepared, {
      target,
      isExcluded: exclusionFilter(exclude, prepared.graph?.node ?? []),
      ...(shapes === undefined ? {} : { shapes }),
    });
    const nodes = (prepared.graph?.node ?? []).map((node): PlannedNode => {
      const decision = placement.nodes.get(node.name) ?? { kind: 'float', reason: 'not planned' };
      return {
        node: node.name,
        opType: node.opType,
        decision: decision.kind,
        ...(decision.kind === 'float' ? { reason: decision.reason } : {}),
      };
    });
    return { target: target.id, nodes };
  } catch (error) {
    if (QuantError.isInstance(error) && error.code === 'ERR_INVALID_ARGUMENT') throw error;
    warnings.push(`cannot be quantized: ${(error as Error).message}`);
    return undefined;
  }
}

function describeValue(info: ValueInfo): InspectedValue {
  const type = info.type?.value;
  if (type?.case !== 'tensorType') return { name: info.name, type: type?.case ?? 'unknown', dims: [] };
  const dims = (type.value.shape?.dim ?? []).map((d) =>
    d.value.case === 'dimValue' ? Number(d.value.value) : (d.value.value ?? '?'),
  );
  return { name: info.name, type: dataTypeName(type.value.elemType), dims };
}
