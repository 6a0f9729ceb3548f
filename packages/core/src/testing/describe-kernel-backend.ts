import type { KernelBackend } from '../kernel-backend';
import { conv2dChecks, gemmChecks, requantizeChecks } from './kernel/arithmetic-checks';
import { dequantizeChecks, fakeQuantizeChecks, quantizeChecks } from './kernel/conversion-checks';
import type { KernelChecks } from './kernel/kernel-checks';
import { packChecks } from './kernel/packing-checks';
import { entropyBinsChecks, histogramChecks, minMaxChecks } from './kernel/statistics-checks';
import { checksOf, type Skip, type TestApi } from './test-api';

export interface KernelBackendSuiteOptions {
  /** The same kernels for other instruction sets of this machine; each runs every check. */
  readonly isas?: readonly { readonly isa: string; readonly backend: KernelBackend }[];
  /** Elements of the widest vector loop; sizes around it are tested. Default 64 (AVX-512, one byte each). */
  readonly tile?: number;
  /** `test` is `family check`, e.g. `gemm max_depth_no_overflow`. */
  readonly skip?: readonly Skip[];
}

/**
 * The contract of a kernel backend: the bits of the TypeScript reference for every named check, on every instruction set.
 *
 * Families quantize, dequantize, fakeQuantize, pack, gemm, conv2d, requantize, minMax, histogram and, where there is one, entropyBins; of the checks empty,
 * single, exact_tile, tile_minus_one, tile_plus_one, unaligned, scale_extremes, zero_point_extremes, saturation_low,
 * saturation_high, ties_to_even, infinities and max_depth_no_overflow each family has those that mean something to it.
 */
export function describeKernelBackend(
  api: TestApi,
  backend: KernelBackend,
  options: KernelBackendSuiteOptions = {},
): void {
  const tile = options.tile ?? 64;
  const all = options.isas ?? [{ isa: '', backend }];
  for (const { isa, backend: kernels } of all) {
    api.describe(`kernel backend ${backend.name}${isa === '' ? '' : ` on ${isa}`}`, () => {
      const families: { readonly [family: string]: KernelChecks } = {
        quantize: quantizeChecks(tile),
        dequantize: dequantizeChecks(tile),
        fakeQuantize: fakeQuantizeChecks(tile),
        pack: packChecks(tile),
        gemm: gemmChecks(tile),
        conv2d: conv2dChecks(tile),
        requantize: requantizeChecks(tile),
        minMax: minMaxChecks(tile),
        histogram: histogramChecks(tile),
        ...(kernels.entropyBins === undefined ? {} : { entropyBins: entropyBinsChecks() }),
      };
      const test = checksOf(api, options.skip ?? []);
      for (const [family, checks] of Object.entries(families)) {
        for (const [name, body] of Object.entries(checks)) test(`${family} ${name}`, () => body(kernels));
      }
    });
  }
}
