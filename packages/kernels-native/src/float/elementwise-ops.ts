/** Operations of unaryF32, in the order of qk::UnaryF32. Parameters a and b only where named. */
export const unaryOps = [
  'abs',
  'neg',
  'exp',
  'expm1',
  'log',
  'log1p',
  'sqrt',
  'rsqrt',
  'square',
  'reciprocal',
  'relu',
  /** min(b, max(a, x)) */
  'clip',
  /** x < 0 ? a·x : x */
  'leakyRelu',
  /** x < 0 ? a·(eˣ − 1) : x */
  'elu',
  'selu',
  'sigmoid',
  /** x · sigmoid(x) */
  'silu',
  'tanh',
  /** log(1 + eˣ) */
  'softplus',
  'erf',
  'floor',
  'ceil',
  /** to even on ties */
  'round',
  /** −1, 0, 1; NaN stays */
  'sign',
  /** x > 0 ? 1 : a; NaN stays */
  'step',
  /** a·x + b */
  'affine',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'asinh',
  'acosh',
  'atanh',
] as const;

export type UnaryOp = (typeof unaryOps)[number];

/** Operations of binaryF32, in the order of qk::BinaryF32. Gradients take dy first; `parameter` only where named. */
export const binaryOps = [
  'add',
  'sub',
  'mul',
  'div',
  'min',
  'max',
  'squaredDifference',
  /** (dy, x): x > 0 ? dy : 0 */
  'reluGrad',
  /** (dy, x): 0 < x ≤ 6 ? dy : 0 */
  'relu6Grad',
  /** (dy, x): x > 0 ? dy : parameter·dy */
  'leakyReluGrad',
  /** (dy, y), y of ELU with alpha 1: y ≥ 0 ? dy : dy·(y + 1) */
  'eluGrad',
  /** (dy, y): dy·y·(1 − y) */
  'sigmoidGrad',
  /** (dy, y): dy·(1 − y²) */
  'tanhGrad',
  /** (x, slope): x < 0 ? slope·x : x */
  'prelu',
  /** (dy, x): parameter ≤ x ≤ limit ? dy : 0 */
  'clipGrad',
  'pow',
  /** remainder with the sign of b */
  'floorMod',
  'floorDiv',
  'atan2',
] as const;

export type BinaryOp = (typeof binaryOps)[number];

/** Comparisons of compareF32, in the order of qk::CompareF32. */
export const compareOps = ['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual'] as const;

export type CompareOp = (typeof compareOps)[number];
