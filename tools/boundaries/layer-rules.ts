/** An arrow that must not exist inside one package. Paths are relative to the repository; `/` at the end means a folder. */
export interface LayerRule {
  readonly from: string;
  /** What `from` must not import; `'outside'`: anything but its own folder. */
  readonly never: readonly string[] | 'outside';
  readonly because: string;
}

const core = 'packages/core/src/';

/** In this order each file may use the ones before it, never the ones after it. */
const numberChain = ['dtype', 'granularity', 'scheme', 'range', 'qparams', 'quantize'].map(
  (name) => `${core}${name}.ts`,
);

const chainRules: readonly LayerRule[] = numberChain.map((from, index) => ({
  from,
  never: numberChain.slice(index + 1),
  because: 'numbers are built in the order dtype → granularity → scheme → range → qparams → quantize',
}));

export const layerRules: readonly LayerRule[] = [
  ...chainRules,
  {
    from: `${core}observer/`,
    never: [`${core}qparams.ts`, `${core}quantize.ts`, `${core}range-selection/`],
    because: 'observers collect statistics; only range selectors and chooseQParams decide',
  },
  { from: `${core}errors/`, never: 'outside', because: 'errors/ imports nothing' },
  {
    from: 'packages/onnx/src/',
    never: ['packages/onnx/src/node/'],
    because: 'the main entry of onnx also runs in a browser; file access stays in src/node',
  },
];
