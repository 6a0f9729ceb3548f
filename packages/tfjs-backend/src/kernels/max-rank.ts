/** Dimensions that the native loops walk. */
export const maxRank = 6;
