/**
 * How far a fact was checked:
 *   run            executed on the runtime itself
 *   source         read in the source of the runtime or of a tool that feeds it
 *   documentation  read in the vendor's or a tool's documentation
 *   unverified     from experience or conflicting sources: test before relying on it
 */
export type EvidenceLevel = 'run' | 'source' | 'documentation' | 'unverified';

/** Evidence of each part of a target. */
export interface TargetEvidence {
  /** Constraints and default schemes. */
  readonly schemes: EvidenceLevel;
  readonly placement: EvidenceLevel;
  readonly operators: EvidenceLevel;
  /** Versions and documents the facts were taken from. */
  readonly sources: readonly string[];
}
