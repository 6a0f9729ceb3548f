/** Integer codes a quantizer may use, both ends included. */
export interface Codes {
  readonly qmin: number;
  readonly qmax: number;
}
