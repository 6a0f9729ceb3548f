/** Most u8×s8 products an int32 accumulator holds for sure: floor((2^31 − 1) / (255·128)) = 65793 (docs/numerics.md). */
export const maxDepth = 65_793;
