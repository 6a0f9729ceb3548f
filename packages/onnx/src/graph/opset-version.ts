import type { Model } from '../message/types';

/** Version of the ai.onnx operator set a model imports; 0 when it imports none. */
export const opsetVersion = (model: Model): number => {
  const entry = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  return entry === undefined ? 0 : Number(entry.version);
};
