import { type TensorInfo, util } from '@tensorflow/tfjs-core';

/** Whether a bias holds one value per output channel: [C], [1,C], …; tfjs also lets it broadcast in other ways. */
export function isChannelBias(bias: TensorInfo, channels: number): boolean {
  return bias.shape.at(-1) === channels && util.sizeFromShape(bias.shape) === channels;
}
