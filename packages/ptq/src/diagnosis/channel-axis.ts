import { isFoldable } from './operator-types';
import type { Quantity } from './quantity';

/** Channels of a tensor as a loop sees them: element i belongs to channel ⌊i / inner⌋ mod channels. */
export interface ChannelLayout {
  readonly channels: number;
  readonly inner: number;
}

const channelFirstKinds: ReadonlySet<string> = new Set([
  'Conv',
  'ConvTranspose',
  'BatchNormalization',
  'InstanceNormalization',
  'MaxPool',
  'AveragePool',
  'GlobalAveragePool',
  'GlobalMaxPool',
]);

/**
 * Channels of a tensor [N, C, …] of a convolutional network; the last axis of a matrix or sequence [N, T, C]. Tensors of
 * rank 0 and 1 have one channel.
 */
export function channelLayout(quantity: Quantity, dims: readonly number[]): ChannelLayout {
  const whole = { channels: 1, inner: Math.max(1, product(dims)) };
  if (dims.length < 2) return whole;
  const axis = dims.length === 2 ? 1 : dims.length === 3 && !isChannelFirst(quantity) ? 2 : 1;
  const channels = dims[axis] ?? 1;
  return channels < 1 ? whole : { channels, inner: product(dims.slice(axis + 1)) };
}

// — internals —

function isChannelFirst({ producer }: Quantity): boolean {
  if (producer === undefined) return true;
  if (channelFirstKinds.has(producer.kind)) return true;
  const [first] = producer.inputs;
  return first !== undefined && isFoldable(producer.kind, producer.inputs.length) && isChannelFirst(first);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}
