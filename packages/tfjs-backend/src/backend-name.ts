/** Name under which tfjs knows the backend: `tf.getBackend() === 'bitwright'`. */
export const backendName = 'bitwright';
