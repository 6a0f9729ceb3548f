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

/** A result without training. */
export interface LevelTwoFigure {
  /** Percent. */
  readonly topOne: number;
  readonly method: string;
}

/**
 * The best post-training results on the same file and images, by bits (packages/ptq/bench/results/rounding.md; additions read 8 bits).
 * One bit has none.
 */
export const levelTwoFigures: Readonly<Record<string, LevelTwoFigure>> = {
  w8a8: { topOne: 91.78, method: 'nearest' },
  w4a4: { topOne: 91.12, method: 'brecq' },
  w3a3: { topOne: 89.96, method: 'brecq' },
  w2a2: { topOne: 82.45, method: 'brecq' },
  w2a32: { topOne: 89.86, method: 'gptq, w2a8' },
};
