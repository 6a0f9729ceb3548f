/** What a finding is about; stable, for programs that read the JSON. */
export type FindingCode =
  | 'good'
  | 'non-finite'
  | 'output-differs'
  | 'accuracy-drop'
  | 'kernels-differ'
  | 'weakest-layer'
  | 'clips-activations'
  | 'outliers-stretch-range'
  | 'unbalanced-channels'
  | 'few-weight-bits'
  | 'weights-changed'
  | 'rescaled-channels'
  | 'slower'
  | 'not-faster'
  | 'nothing-on-integers'
  | 'not-smaller'
  | 'not-matched';

/** Something worth knowing, and what to do about it. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: 'problem' | 'advice' | 'good';
  /** What was found, with the figures. */
  readonly message: string;
  /** What to try next. */
  readonly advice?: string;
  /** Layers it is about. */
  readonly layers: readonly string[];
}
