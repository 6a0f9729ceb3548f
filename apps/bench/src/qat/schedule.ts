/** How a row is trained; what is left out has the default of the report. */
export interface Schedule {
  readonly epochs: number;
  /** Peak learning rate; from there a cosine down to 1 % of it. */
  readonly learningRate: number;
  /** Fraction of training before the peak. */
  readonly warmUp: number;
  /** Weight of the float model's softened answers in the loss; 0: labels only. */
  readonly distillation: number;
  /** Softens the answers of both networks: softmax(logits/T). Default 1. */
  readonly temperature?: number;
  /** `momentum`: SGD with momentum 0.9, the default. */
  readonly optimizer?: 'momentum' | 'adam';
  /** Images a step; default 128. */
  readonly batchSize?: number;
  /** Fraction of training after which batch normalization uses its moving statistics; default: never. */
  readonly freezeBatchNormAt?: number;
}

export const defaultBatchSize = 128;
