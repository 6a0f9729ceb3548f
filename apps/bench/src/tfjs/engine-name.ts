/** Who runs a workload: our backend, or the peer. */
export type EngineName = 'bitwright' | 'tfjs-node';
