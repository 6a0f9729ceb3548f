import { getInt, getInts, getString, type Node } from '@bitwright/onnx';
import { addGradient, type SampleShape, type Slot, type Step } from './slot';

/** Windows of an AveragePool or MaxPool. */
export interface PoolWindow {
  readonly isMax: boolean;
  readonly kernel: readonly [height: number, width: number];
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  /** Whether means count what lies outside the image, as zeros. */
  readonly countsPads: boolean;
}

/** The windows of a pool over images; a text where they are not supported, saying why. */
export function poolWindow(node: Node): PoolWindow | string {
  const name = `${node.opType} "${node.name}"`;
  const ints = (attribute: string, otherwise: number): readonly number[] =>
    getInts(node, attribute, new Array<number>(2).fill(otherwise));
  const kernel = getInts(node, 'kernel_shape', []);
  if (kernel.length !== 2) return `${name} pools over ${kernel.length} axes`;
  if (node.output.length > 1) return `${name} gives indices too`;
  if (getInt(node, 'ceil_mode', 0) !== 0) return `${name} rounds its size up`;
  if (ints('dilations', 1).some((dilation) => dilation !== 1)) return `${name} has dilated windows`;
  const autoPad = getString(node, 'auto_pad', 'NOTSET');
  if (autoPad !== 'NOTSET' && autoPad !== 'VALID') return `${name} pads by its size (${autoPad})`;
  const pads = getInts(node, 'pads', [0, 0, 0, 0]);
  return {
    isMax: node.opType === 'MaxPool',
    kernel: kernel as [number, number],
    strides: ints('strides', 1) as [number, number],
    pads: pads as [number, number, number, number],
    countsPads: getInt(node, 'count_include_pad', 0) !== 0,
  };
}

export function pooledShape(
  { height, width, channels }: SampleShape,
  { kernel, strides, pads: [top, left, bottom, right] }: PoolWindow,
): SampleShape {
  return {
    height: Math.floor((height + top + bottom - kernel[0]) / strides[0]) + 1,
    width: Math.floor((width + left + right - kernel[1]) / strides[1]) + 1,
    channels,
  };
}

/** Whether a pool is the mean of the whole image, as GlobalAveragePool is. */
export function isWholeMean({ isMax, kernel, pads }: PoolWindow, { height, width }: SampleShape): boolean {
  return !isMax && kernel[0] === height && kernel[1] === width && pads.every((pad) => pad === 0);
}

/** y(n,i,j,c) = mean or largest of x(n,h,w,c) over the window at i, j; of equal ones the first is the largest. */
export function poolStep(x: Slot, y: Slot, window: PoolWindow, batch: number, scratch: Float32Array): Step {
  const { height, width, channels } = x.shape;
  const { isMax, kernel, strides, pads, countsPads } = window;
  /** Calls back with each window: first element of y, and rows and columns of x from (inclusive) and to (exclusive). */
  const forEachWindow = (
    visit: (to: number, image: number, top: number, bottom: number, left: number, right: number) => void,
  ): void => {
    for (let n = 0, to = 0; n < batch; n++) {
      for (let i = 0; i < y.shape.height; i++) {
        const top = i * strides[0] - pads[0];
        for (let j = 0; j < y.shape.width; j++, to += channels) {
          const left = j * strides[1] - pads[1];
          visit(
            to,
            n * height * width,
            Math.max(0, top),
            Math.min(height, top + kernel[0]),
            Math.max(0, left),
            Math.min(width, left + kernel[1]),
          );
        }
      }
    }
  };
  const share = (rows: number, columns: number): number => 1 / (countsPads ? kernel[0] * kernel[1] : rows * columns);
  return {
    forward() {
      const [from, out] = [x.value, y.value];
      out.fill(isMax ? Number.NEGATIVE_INFINITY : 0);
      forEachWindow((to, image, top, bottom, left, right) => {
        const part = share(bottom - top, right - left);
        for (let h = top; h < bottom; h++) {
          for (let w = left; w < right; w++) {
            const at = (image + h * width + w) * channels;
            for (let c = 0; c < channels; c++) {
              const value = from[at + c] as number;
              const known = out[to + c] as number;
              out[to + c] = isMax ? Math.max(known, value) : known + value * part;
            }
          }
        }
      });
    },
    backward() {
      addGradient(x, scratch, (out) => {
        out.fill(0);
        forEachWindow((to, image, top, bottom, left, right) => {
          const part = share(bottom - top, right - left);
          for (let c = 0; c < channels; c++) {
            const gradient = y.gradient[to + c] as number;
            let isFound = false;
            for (let h = top; h < bottom; h++) {
              for (let w = left; w < right; w++) {
                const at = (image + h * width + w) * channels + c;
                if (!isMax) out[at] = (out[at] as number) + gradient * part;
                else if (!isFound && x.value[at] === y.value[to + c]) {
                  out[at] = (out[at] as number) + gradient;
                  isFound = true;
                }
              }
            }
          }
        });
      });
    },
  };
}
