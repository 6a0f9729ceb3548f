import { type ConvolutionBackend, type KernelBackend, QuantError } from '@bitwright/core';
import { type ContextOptions, createContext } from './create-context';
import { conv2d, gemm } from './kernel-backend/arithmetic';
import { dequantize, fakeQuantize, pack, quantize, requantize, unpack } from './kernel-backend/conversion';
import { convolution } from './kernel-backend/convolution';
import { loadAddon } from './loader/load-addon';
import type { NativeAddonError } from './native-addon-error';
import type { NativeContext } from './native-context';
import { entropyBins } from './statistics/entropy-bins';
import { histogram } from './statistics/histogram';
import { minMax } from './statistics/min-max';

/** Core's kernels on this CPU's instruction sets, and the context for all low-level calls of this package. */
export interface NativeBackend extends Required<KernelBackend>, ConvolutionBackend, NativeContext {}

export interface NativeBackendOptions extends ContextOptions {
  /** File of the addon; default: the local build, then the package for this platform. */
  readonly path?: string | undefined;
}

/**
 * Loads the addon and makes a backend on it. Backends share nothing: each has its own threads, which end with it.
 *
 * @throws {NativeAddonError} when there is no addon for this machine; the message says what to do
 * @throws {InvalidArgumentError} when this machine lacks the instruction set, or threads is no integer within [1, 1024]
 */
export function loadNativeBackend(options: NativeBackendOptions = {}): NativeBackend {
  const context = createContext(loadAddon(options.path), options);
  return Object.freeze({
    ...context,
    ...convolution(context),
    name: 'native',
    quantize: (x, scheme, qparams, out) => quantize(context, x, scheme, qparams, out),
    dequantize: (codes, shape, scheme, qparams, out) => dequantize(context, codes, shape, scheme, qparams, out),
    fakeQuantize: (x, scheme, qparams, out) => fakeQuantize(context, x, scheme, qparams, out),
    pack: (codes, type, out) => pack(context, codes, type, out),
    unpack: (bytes, type, out) => unpack(context, bytes, type, out),
    gemm: (call, out) => gemm(context, call, out),
    conv2d: (call, out) => conv2d(context, call, out),
    requantize: (call, out) => requantize(context, call, out),
    minMax: (x, granularity, out) => minMax(context, x, granularity, out),
    histogram: (data, bins, counts) => histogram(context, data, bins, counts),
    entropyBins: (counts, levels) => entropyBins(context, counts, levels),
  } satisfies NativeBackend);
}

/** The same, with a missing addon as a value: falling back to the reference stays visible in the caller's code. */
export function tryLoadNativeBackend(
  options: NativeBackendOptions = {},
): { readonly backend: NativeBackend } | { readonly error: NativeAddonError } {
  try {
    return { backend: loadNativeBackend(options) };
  } catch (error) {
    if (QuantError.isInstance(error) && error.code === 'ERR_NATIVE_ADDON') return { error };
    throw error;
  }
}
