/**
 * Sizes of a float convolution. Images are [batch, height, width, channels], filters
 * [filterHeight, filterWidth, inChannels/groups, outChannels]; output channel o belongs to group ⌊o·groups/outChannels⌋.
 *
 * y(i, j) reads x(i · strideHeight − padTop + f · dilationHeight, …); what lies outside x counts as zero, so the padding at
 * the bottom and right follows from the sizes.
 */
export interface FloatConv2d {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly groups: number;
}

/** Bounds that values saturate at. */
export interface FloatClamp {
  readonly min: number;
  readonly max: number;
}

/**
 * Float convolution, its gradients and sums: what running a network and learning on a few of its layers takes. The TypeScript reference is the definition; a faster
 * backend may add in another order, so results agree up to float32 rounding. Outputs are caller-owned and overwritten.
 */
export interface ConvolutionBackend {
  /** out(n,i,j,o) = clamp( Σ_{f,g,c} x(n, i·sh − pt + f·dh, j·sw − pl + g·dw, c) · filter(f,g,c,o) + bias(o) ) */
  convolve(
    shape: FloatConv2d,
    x: Float32Array,
    filter: Float32Array,
    bias: Float32Array,
    out: Float32Array,
    clamp?: FloatClamp,
  ): void;
  /** dx(n,h,w,c) = Σ dy(n,i,j,o) · filter(f,g,c,o) over all i, j with i·sh − pt + f·dh = h, j·sw − pl + g·dw = w */
  convolveBackwardInput(shape: FloatConv2d, dy: Float32Array, filter: Float32Array, dx: Float32Array): void;
  /** dfilter(f,g,c,o) = Σ_{n,i,j} x(n, i·sh − pt + f·dh, j·sw − pl + g·dw, c) · dy(n,i,j,o) */
  convolveBackwardFilter(shape: FloatConv2d, x: Float32Array, dy: Float32Array, dfilter: Float32Array): void;
  /** out(i) = clamp( a(i) + b(i) ), all of one length. */
  add(a: Float32Array, b: Float32Array, out: Float32Array, clamp?: FloatClamp): void;
}
