import { decodeModel, tensorToFloat32 } from '@bitwright/onnx';
import { rPReLU } from '@bitwright/qat-plugin';
import { clipByValue, serialization, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';

/** What stands for ReLU: networks with one-bit activations need both signs; `none`: the sign alone, as in Bi-Real Net. */
export type ActivationKind = 'relu' | 'hardTanh' | 'rPReLU' | 'none';

/** One shortcut per unit of two convolutions (He et al.), or one per convolution (Bi-Real Net, arXiv:1808.00278). */
export type Shortcuts = 'unit' | 'convolution';

/** min(max(x, −1), 1). */
class HardTanh extends layers.Layer {
  static className: string = 'BenchHardTanh';
  override call(inputs: Tensor | Tensor[]): Tensor {
    return clipByValue((Array.isArray(inputs) ? inputs[0] : inputs) as Tensor, -1, 1);
  }
}

/** Lets TensorFlow.js copy the layers of this file. */
export function registerBenchLayers(): void {
  serialization.registerClass(HardTanh);
}

/**
 * ResNet-20 for 32×32 images (He et al. 2016, arXiv:1512.03385 §4.2) in ordinary layers. Shortcuts between stages have no
 * parameters: every second pixel (a 1×1 pool with stride 2) and zeros for the new channels (channels moved to a spatial axis,
 * padded, and back). Convolutions with stride 2 pad both sides by one, as PyTorch does.
 */
export function resnet20(kind: ActivationKind = 'relu', shortcuts: Shortcuts = 'unit'): LayersModel {
  const relu = (name: string, x: SymbolicTensor): SymbolicTensor => activation(kind, name, x);
  const image = input({ shape: [32, 32, 3], name: 'image' });
  let x = relu('relu1', norm('bn1', convolution('conv1', 16, 1, image)));
  let channels = 16;
  for (const [stage, filters] of [16, 32, 64].entries()) {
    for (let unit = 0; unit < 3; unit++) {
      const name = `stage${stage + 1}_${unit}`;
      const stride = stage > 0 && unit === 0 ? 2 : 1;
      const skip = stride === 1 ? x : shortcut(name, x, filters - channels);
      const first = norm(`${name}_bn1`, convolution(`${name}_conv1`, filters, stride, x));
      const inner = shortcuts === 'unit' ? first : sum(`${name}_add1`, first, skip);
      const middle = relu(`${name}_relu1`, inner);
      const second = norm(`${name}_bn2`, convolution(`${name}_conv2`, filters, 1, middle));
      x = relu(`${name}_relu2`, sum(`${name}_add`, second, shortcuts === 'unit' ? skip : middle));
      channels = filters;
    }
  }
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(x) as SymbolicTensor;
  const logits = layers.dense({ name: 'classes', units: 10 }).apply(pooled) as SymbolicTensor;
  return model({ inputs: image, outputs: logits, name: 'resnet20' });
}

/** Fills {@link resnet20} with the weights of the PyTorch model in an ONNX file; layouts change, numbers do not. */
export function loadResnet20Weights(network: LayersModel, onnx: Uint8Array): void {
  const initializers = new Map(decodeModel(onnx).graph?.initializer.map((one) => [one.name, one]));
  const floats = (name: string): Float32Array => {
    const found = initializers.get(name);
    if (found === undefined)
      throw new Error(`no initializer "${name}"; there are ${[...initializers.keys()].join(', ')}`);
    return tensorToFloat32(found);
  };
  for (const layer of network.layers) {
    const source = sourceName(layer.name);
    if (source === undefined) continue;
    const weights = layer.weights.map(({ shape, originalName }): Tensor => {
      const size = shape as number[];
      const part = originalName.split('/').at(-1) as string;
      if (part === 'kernel' && size.length === 4) return tensor(hwio(floats(`${source}.weight`), size), size);
      if (part === 'kernel') return tensor(transposed(floats(`${source}.weight`), size), size);
      return tensor(floats(`${source}.${names[part] as string}`), size);
    });
    layer.setWeights(weights);
    for (const one of weights) one.dispose();
  }
}

// — internals —

const names: Readonly<Record<string, string>> = {
  gamma: 'weight',
  beta: 'bias',
  bias: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** `stage2_1_conv1` → `layer2.1.conv1`. */
function sourceName(layer: string): string | undefined {
  if (layer === 'conv1' || layer === 'bn1') return layer;
  if (layer === 'classes') return 'linear';
  const match = /^stage(\d)_(\d)_(conv|bn)(\d)$/.exec(layer);
  return match === null ? undefined : `layer${match[1]}.${match[2]}.${match[3]}${match[4]}`;
}

function convolution(name: string, filters: number, stride: number, x: SymbolicTensor): SymbolicTensor {
  const options = { name, filters, kernelSize: 3, useBias: false };
  if (stride === 1) return layers.conv2d({ ...options, padding: 'same' }).apply(x) as SymbolicTensor;
  const padded = layers.zeroPadding2d({ name: `${name}_pad`, padding: 1 }).apply(x) as SymbolicTensor;
  return layers.conv2d({ ...options, padding: 'valid', strides: stride }).apply(padded) as SymbolicTensor;
}

function norm(name: string, x: SymbolicTensor): SymbolicTensor {
  return layers.batchNormalization({ name, epsilon: 1e-5, momentum: 0.9 }).apply(x) as SymbolicTensor;
}

function activation(kind: ActivationKind, name: string, x: SymbolicTensor): SymbolicTensor {
  if (kind === 'none') return x;
  if (kind === 'relu') return layers.activation({ name, activation: 'relu' }).apply(x) as SymbolicTensor;
  const layer = kind === 'hardTanh' ? new HardTanh({ name }) : rPReLU({ name });
  return layer.apply(x) as SymbolicTensor;
}

function sum(name: string, a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
  return layers.add({ name }).apply([a, b]) as SymbolicTensor;
}

function shortcut(name: string, x: SymbolicTensor, added: number): SymbolicTensor {
  const half = layers.maxPooling2d({ name: `${name}_half`, poolSize: 1, strides: 2 }).apply(x) as SymbolicTensor;
  const turned = layers.permute({ name: `${name}_turn`, dims: [3, 1, 2] }).apply(half) as SymbolicTensor;
  const sides: [[number, number], [number, number]] = [
    [added / 2, added / 2],
    [0, 0],
  ];
  const padded = layers.zeroPadding2d({ name: `${name}_channels`, padding: sides }).apply(turned) as SymbolicTensor;
  return layers.permute({ name: `${name}_back`, dims: [2, 3, 1] }).apply(padded) as SymbolicTensor;
}

/** [O,I,kh,kw] → [kh,kw,I,O] of the given shape. */
function hwio(data: Float32Array, [height, width, inputs, outputs]: number[]): Float32Array {
  const [h, w, i, o] = [height ?? 1, width ?? 1, inputs ?? 1, outputs ?? 1];
  const out = new Float32Array(data.length);
  let to = 0;
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let c = 0; c < i; c++) for (let k = 0; k < o; k++) out[to++] = data[((k * i + c) * h + y) * w + x] as number;
  return out;
}

/** [out,in] → [in,out]. */
function transposed(data: Float32Array, [inputs, outputs]: number[]): Float32Array {
  const out = new Float32Array(data.length);
  const [rows, columns] = [inputs ?? 1, outputs ?? 1];
  for (let i = 0; i < rows; i++) for (let o = 0; o < columns; o++) out[i * columns + o] = data[o * rows + i] as number;
  return out;
}
