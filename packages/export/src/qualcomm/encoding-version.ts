import type { PlanProblem, TensorQuantization } from '@bitwright/core';
import type { SpecTensor } from '../spec-tensors';

/** One tensor of an encodings file. */
export interface EncodedTensor {
  readonly name: string;
  /** Its quantization, given what only the model knows: its role, and the channel axis for so many parameters. */
  quantization(role: TensorQuantization['role'], axisOf: (count: number) => number | undefined): TensorQuantization;
}

/** One published version of the schema: small values that only know their own fields. */
export interface EncodingVersion {
  /** Names a caller asks for. */
  readonly names: readonly string[];
  recognizes(json: Readonly<Record<string, unknown>>): boolean;
  write(tensors: readonly SpecTensor[], name: string): unknown;
  parse(json: Readonly<Record<string, unknown>>): Iterable<EncodedTensor | PlanProblem>;
}

export function encodingVersions(versions: readonly EncodingVersion[]): readonly EncodingVersion[] {
  return Object.freeze([...versions]);
}
