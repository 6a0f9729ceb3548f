import { InvalidArgumentError, QuantError } from '@bitwright/core';
import { alignmentOffset, loadNativeBackend, NativeAddonError, type NativeContext } from '@bitwright/kernels-native';
import { findBackend, getBackend, registerBackend, setBackend } from '@tensorflow/tfjs-core';
import { backendName } from './backend-name';
import { BitwrightBackend } from './bitwright-backend';
import { registerNativeGradients } from './gradients/native-gradient';
import { nativeGradients } from './gradients/native-gradients';
import { registerBatchNormTrainGradient } from './host/batch-norm-train';
import { registerFoldedBatchNormGradients } from './host/folded-batch-norm';
import { accelerateLayers, type LayerSupport } from './host/layers';
import { accelerateOptimizers } from './host/optimizers';
import { nativeKernels } from './kernels/native-kernels';
import { registerKernels } from './register-kernels';
import { BufferPool } from './storage/buffer-pool';

/** How the backend runs. */
export interface NativeBackendOptions {
  /** Threads, the calling one included; default the physical cores this process may use. */
  readonly threads?: number | undefined;
  /** Instruction set of the kernels; default the fastest this CPU has. */
  readonly isa?: string | undefined;
  /** File of the native addon; default: the local build, then the package for this platform. */
  readonly path?: string | undefined;
  /** Bytes of memory kept for reuse while no tensor needs them; default 2 GiB. */
  readonly freeBytesLimit?: number | undefined;
}

/** What runs now. */
export interface NativeBackendInfo {
  readonly threads: number;
  readonly isa: string;
  /** Whether the layers of tf.layers use fused operations; `notLoaded` where tfjs-layers is not installed. */
  readonly layers: LayerSupport;
}

/**
 * Makes native kernels the backend of TensorFlow.js: afterwards `tf.getBackend()` is `bitwright`, and every tfjs program in this
 * thread runs on it. Tensors made before move over when they are used. Calling it again without options changes nothing.
 *
 * @throws {NativeAddonError} when there is no addon for this machine; the message says what to do, and tfjs keeps its backend
 * @throws {InvalidArgumentError} for unknown options, an instruction set this CPU lacks, or other options than the running backend's
 */
export async function useNativeBackend(options: NativeBackendOptions = {}): Promise<NativeBackendInfo> {
  checkOptions(options);
  const running = findBackend(backendName) as BitwrightBackend | null;
  if (running !== null) {
    checkAgainstRunning(options, running.native);
    await setBackend(backendName);
    return infoOf(running.native, await accelerateLayers());
  }
  await import('@tensorflow/tfjs-backend-cpu');
  const native = loadNative(options);
  registerKernels(nativeKernels);
  registerNativeGradients(nativeGradients);
  registerBatchNormTrainGradient();
  registerFoldedBatchNormGradients();
  accelerateOptimizers();
  const layers = await accelerateLayers();
  registerBackend(backendName, () => createBackend(native, options), backendPriority);
  await setBackend(backendName);
  return infoOf(native, layers);
}

// — internals —

/** Above tfjs' cpu (1), wasm and webgl (2) backends: what the user asked for stays chosen when tfjs looks for the best. */
const backendPriority = 3;
const defaultFreeBytesLimit = 2 ** 31;
const optionNames: readonly string[] = [
  'threads',
  'isa',
  'path',
  'freeBytesLimit',
] satisfies (keyof NativeBackendOptions)[];

function createBackend(native: NativeContext, { freeBytesLimit = defaultFreeBytesLimit }: NativeBackendOptions) {
  const pool = new BufferPool(freeBytesLimit, (buffer, alignment) => alignmentOffset(native, buffer, alignment));
  return new BitwrightBackend(native, pool);
}

function infoOf({ threads, isa }: NativeContext, layers: LayerSupport): NativeBackendInfo {
  return { threads, isa, layers };
}

function loadNative({ threads, isa, path }: NativeBackendOptions): NativeContext {
  try {
    return loadNativeBackend({ threads, isa, path });
  } catch (cause) {
    if (!QuantError.isInstance(cause) || cause.code !== 'ERR_NATIVE_ADDON') throw cause;
    throw new NativeAddonError({
      operation: '[tfjs-backend] useNativeBackend',
      expected: 'the native addon of @bitwright/kernels-native',
      received: 'none that loads',
      hint: `TensorFlow.js stays on its "${getBackend() || 'cpu'}" backend. ${cause.message}`,
      cause,
    });
  }
}

function checkOptions(options: NativeBackendOptions): void {
  const unknown = Object.keys(options).filter((name) => !optionNames.includes(name));
  if (unknown.length > 0) {
    throw new InvalidArgumentError({
      operation: '[tfjs-backend] useNativeBackend',
      expected: `the options ${optionNames.join(', ')}`,
      received: unknown.join(', '),
    });
  }
  const { freeBytesLimit = defaultFreeBytesLimit } = options;
  if (!(freeBytesLimit >= 0)) {
    throw new InvalidArgumentError({
      operation: '[tfjs-backend] useNativeBackend',
      expected: 'freeBytesLimit of 0 or more',
      received: String(freeBytesLimit),
    });
  }
}

function checkAgainstRunning(options: NativeBackendOptions, running: NativeContext): void {
  const { threads = running.threads, isa = running.isa } = options;
  if (threads === running.threads && isa === running.isa) return;
  throw new InvalidArgumentError({
    operation: '[tfjs-backend] useNativeBackend',
    expected: `the options of the running backend (threads ${running.threads}, isa ${running.isa})`,
    received: `threads ${threads}, isa ${isa}`,
    hint: "Call tf.removeBackend('bitwright') first; tensors on it are lost.",
  });
}
