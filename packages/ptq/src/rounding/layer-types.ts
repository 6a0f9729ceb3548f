/** Operators that multiply by weights: what is called a layer here. */
export const layerTypes: ReadonlySet<string> = new Set(['Conv', 'Gemm', 'MatMul']);
