import { quantizeOptions } from './quantize-options';

type SampleKey =
  | 'shape'
  | 'skipUnreadable'
  | 'preprocess'
  | 'resize'
  | 'crop'
  | 'scale'
  | 'mean'
  | 'std'
  | 'layout'
  | 'channels';

const { shape, skipUnreadable, preprocess, resize, crop, scale, mean, std, layout, channels } = quantizeOptions;

/** How samples are read and prepared: options that mean the same in every command that runs samples. */
export const sampleOptions: Pick<typeof quantizeOptions, SampleKey> = {
  shape,
  skipUnreadable,
  preprocess,
  resize,
  crop,
  scale,
  mean,
  std,
  layout,
  channels,
};
