import type { NodeDecision } from '@bitwright/core';
import type { Evaluation, LatencyComparison } from './evaluate';
import type { MixedPrecisionReport } from './mixed-precision/choose-bits';
import type { RangeChoice } from './probe/measured-ranges';
import type { RuntimeGraph } from './runtime-graph';
import type { OutputComparison } from './verify';

/** What was done to a model and what came of it: plain JSON data. */
export interface QuantizationReport {
  readonly tool: { readonly name: string; readonly version: string };
  readonly model: string;
  readonly target: string;
  readonly runtime: { readonly name: string; readonly version: string };
  /** Graph changes made before quantizing. */
  readonly preparation: readonly string[];
  /** What was done after ranges were chosen: adaptive rounding, bias correction. */
  readonly refinement: readonly string[];
  readonly calibration: {
    readonly data: string;
    readonly samples: number;
    /** Samples per run. */
    readonly batchSize: number;
    readonly activationRange: string;
    readonly weightRange: string;
    readonly seconds: number;
  };
  /** Range selectors per tensor, where they were chosen by measurement. */
  readonly ranges?: readonly RangeChoice[] | undefined;
  /** Bits per layer, where they were chosen under a budget. */
  readonly mixedPrecision?: MixedPrecisionReport | undefined;
  /** Planned decisions by kind, and every node left in float with its reason. */
  readonly plan: {
    readonly integer: number;
    readonly passThrough: number;
    readonly absorbed: number;
    readonly float: readonly FloatNode[];
  };
  readonly size: { readonly floatBytes: number; readonly quantizedBytes: number };
  /** Peak bytes of live activations over the schedule; undefined where shapes are not known. */
  readonly activationMemory?: { readonly floatBytes: number; readonly quantizedBytes: number } | undefined;
  /** The exported file as the runtime executes it; undefined when not verified. */
  readonly runtimeGraph?: (RuntimeGraph & { readonly integerShare: number }) | undefined;
  readonly verification?: { readonly samples: number; readonly outputs: readonly OutputComparison[] } | undefined;
  readonly evaluation?: Evaluation | undefined;
  readonly latency?: LatencyComparison | undefined;
  readonly warnings: readonly string[];
}

export interface FloatNode {
  readonly node: string;
  readonly opType: string;
  readonly reason: string;
}

/** Counts a plan's decisions; nodes in the order given. */
export function summarizePlan(
  nodes: readonly { readonly name: string; readonly opType: string }[],
  decisions: ReadonlyMap<string, NodeDecision>,
): QuantizationReport['plan'] {
  const count = (kind: NodeDecision['kind']): number =>
    nodes.filter((node) => decisions.get(node.name)?.kind === kind).length;
  const float = nodes.flatMap((node): FloatNode[] => {
    const decision = decisions.get(node.name);
    return decision?.kind === 'float' ? [{ node: node.name, opType: node.opType, reason: decision.reason }] : [];
  });
  return { integer: count('integer'), passThrough: count('passThrough'), absorbed: count('absorbed'), float };
}
