import type { ConversionBinding } from './conversion/binding';
import type { FakeQuantizeBinding } from './fake-quantize/binding';
import type { BinaryBinding } from './few-bits/binary-binding';
import type { FewBitsBinding } from './few-bits/binding';
import type { ElementwiseBinding, MatrixBinding, PoolBinding, ReduceBinding, ResizeBinding } from './float/binding';
import type { InferenceBinding } from './inference/binding';
import type { OperatorsI8Binding } from './inference/operators-binding';
import type { MemoryBinding } from './memory/binding';
import type { MovementBinding } from './movement/binding';
import type { PeakBinding } from './peak/binding';
import type { StatisticsBinding } from './statistics/binding';
import type { BatchNormBinding, OptimizerBinding } from './training/binding';

declare const handle: unique symbol;

/** Opaque: tier, thread pool and scratch memory on the native side. Freed with the object. */
export interface ContextHandle {
  readonly [handle]: true;
}

/** qk::Status of a finished call: 0 is fine, see checkStatus. */
export type Status = number;

/** How a layout travels: granularity (0 tensor, 1 axis, 2 group), outer, length, inner, group size. */
export type LayoutArguments = [granularity: number, outer: number, length: number, inner: number, size: number];

/** What module.cc exports besides the kernels. */
interface BaseBinding {
  readonly version: string;
  physicalCores(): number;
  /** Instruction sets of this build that this CPU runs, slow to fast. */
  tiers(): string[];
  /** null when the tier is unknown or not supported. */
  createContext(tier: string, threads: number): ContextHandle | null;
  /** Operation and the instruction set its kernel was written for, alternating. */
  operations(context: ContextHandle): string[];
}

/** The addon, typed by hand: one interface per bind_<group>.cc. */
export interface NativeAddon
  extends BaseBinding,
    BinaryBinding,
    ConversionBinding,
    FakeQuantizeBinding,
    FewBitsBinding,
    InferenceBinding,
    OperatorsI8Binding,
    MemoryBinding,
    MovementBinding,
    PeakBinding,
    StatisticsBinding,
    MatrixBinding,
    BatchNormBinding,
    ElementwiseBinding,
    ReduceBinding,
    ResizeBinding,
    OptimizerBinding,
    PoolBinding {}
