import type { Tensor } from '../message/types';
import { findDataType } from '../tensor/data-type';
import { isExternal } from '../tensor/tensor-payload';
import { tensorToBytes } from '../tensor/tensor-to-array';
import { editingPass, type GraphPass } from './graph-pass';

/** FNV-1a over the bytes, 32 bit; equal hashes are compared byte by byte before anything is merged. */
const hashBytes = (bytes: Uint8Array): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i += 1) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0;
};

const areEqual = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
};

/** Where an external tensor lies; two tensors at the same place are the same. */
const externalPlace = (tensor: Tensor): string =>
  tensor.externalData
    .filter(({ key }) => key === 'location' || key === 'offset' || key === 'length')
    .map(({ key, value }) => `${key}=${value}`)
    .sort()
    .join('\n');

/**
 * Lets initializers of equal type, shape and content share one tensor; the first one in the file stays. Exact.
 * Left alone: initializers that are model outputs or graph inputs, and strings. External tensors count as equal only
 * when they lie at the same place of the same file; their bytes are not read.
 */
export const deduplicateInitializers: GraphPass = editingPass('deduplicateInitializers', ({ edit, note }) => {
  const byKey = new Map<string, { readonly tensor: Tensor; readonly bytes: Uint8Array }[]>();
  for (const tensor of edit.initializers()) {
    const { name, dataType, dims } = tensor;
    const kind = findDataType(dataType)?.kind;
    if (edit.constant(name) === undefined || edit.isOutput(name) || kind === undefined || kind === 'string') continue;
    const external = isExternal(tensor);
    const bytes = external ? new Uint8Array() : tensorToBytes(tensor);
    const key = `${dataType}[${dims.join(',')}]${external ? externalPlace(tensor) : hashBytes(bytes)}`;
    const candidates = byKey.get(key) ?? [];
    const first = candidates.find((candidate) => areEqual(candidate.bytes, bytes));
    if (first === undefined) {
      byKey.set(key, [...candidates, { tensor, bytes }]);
      continue;
    }
    edit.replaceUses(name, first.tensor.name);
    edit.removeInitializer(name);
    note(`initializer "${name}" equals "${first.tensor.name}"`);
  }
});
