/** Figures others reached with full training (hundreds of epochs, 50,000 images), beside which short runs are shown. */
export interface PublishedFigure {
  readonly weights: number;
  readonly activations: number;
  readonly method: string;
  readonly topOne: number;
  /** `read` in the authors' repository, or `recalled` from the paper without another look. */
  readonly evidence: 'read' | 'recalled';
}

const figure = (
  method: string,
  weights: number,
  activations: number,
  topOne: number,
  evidence: PublishedFigure['evidence'],
): PublishedFigure => ({ method, weights, activations, topOne, evidence });

/** ResNet-20 on CIFAR-10. */
export const publishedFigures: readonly PublishedFigure[] = [
  figure('dorefa', 4, 4, 90.5, 'recalled'),
  figure('pact', 4, 4, 91.7, 'recalled'),
  figure('apot', 4, 4, 92.3, 'recalled'),
  figure('dsq', 1, 32, 90.24, 'recalled'),
  figure('irnet', 1, 32, 90.8, 'read'),
  figure('irnet', 1, 1, 86.5, 'read'),
];

/**
 * Post-training results on the same file and images (packages/ptq/bench/results/rounding.md). This is its row "W4A4, narrow skips":
 * one 4-bit quantizer per value, as rows here have. With wide skips (row "W4A4") it is 91.06.
 */
export const postTrainingTopOne: Readonly<Record<string, number>> = { w4a4: 90.64 };
