import type { Model } from '../message/types';

const normal = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

/** Version of an operator set a model imports (default: ai.onnx, written `''` or `ai.onnx`); 0 when it imports none. */
export const opsetVersion = (model: Model, domain = ''): number => {
  const entry = model.opsetImport.find((opset) => normal(opset.domain) === normal(domain));
  return entry === undefined ? 0 : Number(entry.version);
};
