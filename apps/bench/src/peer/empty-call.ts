import { interleave } from '../measure/interleave';
import { createPeer } from './onnxruntime';
import { singleNodeModel } from './single-node-model';

/**
 * Milliseconds of a call that computes nothing (Identity of one number): what the peer's binding costs by itself. Ratios are
 * taken without it, which favours the peer, so that short layers are compared by their kernels.
 */
export async function emptyCallMs(threads: number): Promise<number> {
  const tensor = () => ({ type: 'float32' as const, data: new Float32Array(1), dims: [1] });
  const [inputs, outputs] = [{ x: tensor() }, { y: tensor() }];
  const model = singleNodeModel({ opType: 'Identity', order: ['x'], inputs, constants: {}, outputs });
  const peer = await createPeer(model, threads, inputs, outputs);
  const [times] = await interleave([() => peer.run()], { seconds: 0.2, turn: 20, pause: 0 });
  await peer.close();
  return times?.median ?? 0;
}
