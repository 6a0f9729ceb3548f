/** Which kernels of TensorFlow.js the native backend runs itself, and which it borrows from tfjs' cpu backend. */
export interface TfjsKernels {
  readonly native: readonly { readonly kernelName: string; readonly covers: string }[];
  readonly borrowed: readonly string[];
}

/** The kernels of `@bitwright/tfjs-backend`; undefined where it, or TensorFlow.js, is not installed. */
export async function readTfjsKernels(
  load: () => Promise<{ kernelSupport(): Promise<TfjsKernels> }>,
): Promise<TfjsKernels | undefined> {
  try {
    const { kernelSupport } = await load();
    return await kernelSupport();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
