export type { FeedArray, Feeds, FeedTensor, FeedType, SampleSource } from './feeds';
