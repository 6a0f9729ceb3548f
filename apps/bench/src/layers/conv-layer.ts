/** One convolution of a network at batch 1, and how often the network runs it. */
export interface ConvLayer {
  readonly name: string;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Height and width of the window. */
  readonly kernel: number;
  readonly stride: number;
  /** Zeros on every side. */
  readonly padding: number;
  /** inChannels for a depthwise layer. */
  readonly groups: number;
  readonly count: number;
}

/** Height and width of the output. */
export function outSize({ inHeight, inWidth, kernel, stride, padding }: ConvLayer): readonly [number, number] {
  const size = (input: number): number => Math.floor((input + 2 * padding - kernel) / stride) + 1;
  return [size(inHeight), size(inWidth)];
}

/** Operations of one image: a multiply-add is two. */
export function convOperations(layer: ConvLayer): number {
  const [height, width] = outSize(layer);
  const { outChannels, inChannels, groups, kernel } = layer;
  return 2 * height * width * outChannels * (inChannels / groups) * kernel * kernel;
}

/** A square layer by its numbers, named `56×56 64→256 1×1/1`. */
export function convLayer(
  size: number,
  inChannels: number,
  outChannels: number,
  kernel: number,
  stride: number,
  count = 1,
  groups = 1,
): ConvLayer {
  return Object.freeze({
    name: `${size}×${size} ${inChannels}→${outChannels} ${kernel}×${kernel}/${stride}${groups > 1 ? ' depthwise' : ''}`,
    inHeight: size,
    inWidth: size,
    inChannels,
    outChannels,
    kernel,
    stride,
    padding: (kernel - 1) / 2,
    groups,
    count,
  });
}
