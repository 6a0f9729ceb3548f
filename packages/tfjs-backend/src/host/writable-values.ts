import { engine, type Variable } from '@tensorflow/tfjs-core';
import type { BitwrightBackend } from '../bitwright-backend';

/**
 * The numbers of a variable, safe to overwrite: in place where nothing else looks into that memory, else in a copy that becomes the
 * variable's.
 */
export function writableValues(backend: BitwrightBackend, variable: Variable): Float32Array {
  const before = backend.values(variable);
  if (backend.isUnshared(variable.dataId)) return before;
  const { info, values } = backend.ownedOutput(variable.shape);
  values.set(before);
  const copy = engine().makeTensorFromTensorInfo(info, backend);
  variable.assign(copy);
  copy.dispose();
  return values;
}
