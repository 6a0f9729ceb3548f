import type { serialization } from '@tensorflow/tfjs-core';

/**
 * Settings of a layer inside its config. TensorFlow.js rewrites every string and key of a saved config between camelCase and
 * snake_case, except strings under the key `name`; so the settings travel as JSON text there.
 */
export function packSettings(settings: unknown): serialization.ConfigDict {
  return { name: JSON.stringify(settings) };
}

/** Reads back what {@link packSettings} wrote. */
export function unpackSettings<T>(packed: unknown): T {
  return JSON.parse((packed as { name: string }).name) as T;
}
