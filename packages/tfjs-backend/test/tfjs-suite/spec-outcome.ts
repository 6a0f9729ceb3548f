/** What came out of one spec of TensorFlow.js. */
export interface SpecOutcome {
  readonly name: string;
  /** `passed`, `failed`, `pending` or `excluded`. */
  readonly status: string;
  readonly messages: readonly string[];
}
