/** A weight of a written layer. */
export interface WrittenWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A weight whose values are made anew at every read of `data`, so that those of a whole model never exist at once. */
export function deferredWeight(shape: readonly number[], values: () => Float32Array): WrittenWeight {
  return {
    shape,
    get data() {
      return values();
    },
  };
}

/** A layer in Keras JSON, with the layers it reads. */
export interface WrittenLayer {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly string[];
  /** By short name: `kernel`. */
  readonly weights: Readonly<Record<string, WrittenWeight>>;
}

/** What a layer is made of. */
export interface LayerParts {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly weights?: Readonly<Record<string, WrittenWeight>>;
}

/** Collects layers; every layer has one output and is called once. */
export interface LayerWriter {
  readonly layers: ReadonlyMap<string, WrittenLayer>;
  /** Layers written from now on are named after this. */
  setScope(name: string): void;
  /** Writes a layer over the outputs of others; returns its name. */
  add(className: string, inputs: readonly string[], parts?: LayerParts): string;
}

export function layerWriter(): LayerWriter {
  const layers = new Map<string, WrittenLayer>();
  let scope = 'layer';
  const uniqueName = (wanted: string): string => {
    let name = wanted;
    for (let i = 1; layers.has(name); i++) name = `${wanted}_${i}`;
    return name;
  };
  return {
    layers,
    setScope: (name) => {
      scope = layerName(name);
    },
    add(className, inputs, { config = {}, weights = {} } = {}) {
      const name = uniqueName(scope);
      layers.set(name, { name, className, config: { name, ...config }, inputs, weights });
      return name;
    },
  };
}

/** A node or tensor name as TensorFlow.js accepts it: letters, digits, underscores, dashes and dots, beginning with one of the first three. */
export function layerName(name: string): string {
  const cleaned = name.replaceAll(/[^A-Za-z0-9_.-]+/g, '_').replace(/^[^A-Za-z0-9]+/, '');
  return cleaned === '' ? 'layer' : cleaned;
}
