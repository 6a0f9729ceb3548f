/** Who runs a workload: our backend, or a peer. */
export type EngineName = 'bitwright' | 'tfjs-node' | 'pytorch';
