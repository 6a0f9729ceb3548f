import { arranged, dequantized } from '../convert-value';
import { intOf, type LoweringContext, only, type Step } from '../lowering';
import { imageShapeOf, nodeWindow, outputSize, tensorShapeOf } from './image-window';
import { optionalReals, realConstant } from './real-constant';

/**
 * A convolution that the plan leaves in real numbers, plainly: sums in float64, rounded once. For the few layers of a mixed plan,
 * not for speed.
 */
export function realConvolution(context: LoweringContext): Step {
  const { node } = context;
  const { data: weights, shape } = realConstant(context, 1);
  const bias = optionalReals(context, 2)?.data;
  const [o = 1, c = 1, ...kernelShape] = shape;
  const window = nodeWindow(node, kernelShape);
  const [kh, kw] = window.kernel;
  const groups = intOf(node, 'group', 1);
  return (inputs, run) => {
    const x = dequantized(arranged(only(inputs, node), 'channelsLast', run), run);
    const [n, h, w, channels] = imageShapeOf(node, x.shape);
    const [rows, columns] = outputSize(window, h, w);
    const [top, left] = window.pads(h, w);
    const y = run.newReal({ shape: tensorShapeOf([n, rows, columns, o], x.shape.length), order: 'channelsLast' });
    for (let i = 0; i < y.data.length; i++) {
      const filter = i % o;
      const first = Math.floor(filter / (o / groups)) * c;
      const column = Math.floor(i / o) % columns;
      const row = Math.floor(i / (o * columns)) % rows;
      const image = Math.floor(i / (o * columns * rows));
      let sum = bias?.[filter] ?? 0;
      for (let ky = 0; ky < kh; ky++) {
        const yy = row * window.strides[0] - top + ky * window.dilations[0];
        if (yy < 0 || yy >= h) continue;
        for (let kx = 0; kx < kw; kx++) {
          const xx = column * window.strides[1] - left + kx * window.dilations[1];
          if (xx < 0 || xx >= w) continue;
          const from = ((image * h + yy) * w + xx) * channels + first;
          for (let k = 0; k < c; k++) {
            sum += (x.data[from + k] as number) * (weights[((filter * c + k) * kh + ky) * kw + kx] as number);
          }
        }
      }
      y.data[i] = sum;
    }
    return [y];
  };
}
