/** Where a section lies in the data, in bytes. */
export interface PackedSection {
  readonly offset: number;
  readonly length: number;
}

/** How the codes of a constant are stored. */
export interface PackedCodes {
  /** 1: sign bits, 0 stands for −1 and 1 for +1. 2, 4, 8: two's complement where signed. 16, 32: little-endian integers. */
  readonly bits: 1 | 2 | 4 | 8 | 16 | 32;
  readonly signed: boolean;
  /** Bytes of one row, that is of all elements of one index of the first axis: rows begin at whole bytes. */
  readonly rowBytes: number;
}

/** One constant. */
export interface PackedTensor {
  readonly shape: readonly number[];
  readonly data: PackedSection;
  /** Codes of a quantized constant; left out for plain float32, int32, int64 or bool. */
  readonly codes?: PackedCodes;
  readonly type: 'codes' | 'float32' | 'int32' | 'int64' | 'bool';
  /** float32 scales and int32 zero points of a quantized constant, in the order of the spec's parameters. */
  readonly scale?: PackedSection;
  readonly zeroPoint?: PackedSection;
}

/** One node of the graph; attributes by name: numbers, texts and lists of them. */
export interface PackedNode {
  readonly name: string;
  readonly operator: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, PackedAttribute>>;
}

export type PackedAttribute =
  | { readonly kind: 'int' | 'float'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'ints' | 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'texts'; readonly value: readonly string[] };

/** An input or output: element type and sizes, named or unknown ones as text. */
export interface PackedValue {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly (number | string)[];
}

/** The JSON header. */
export interface PackedHeader {
  readonly opset: number;
  readonly inputs: readonly PackedValue[];
  readonly outputs: readonly PackedValue[];
  readonly nodes: readonly PackedNode[];
  readonly tensors: Readonly<Record<string, PackedTensor>>;
  /** The spec as its own JSON text: parameters of activations, decisions, provenance. */
  readonly spec: string;
}
