import { InvalidArgumentError } from '@bitwright/core';

/** What a rung changed about the options: plain JSON, so that a climb can go on after it was stopped. */
export interface RungChanges {
  readonly equalize?: boolean;
  readonly correctBias?: boolean;
  readonly activationRange?: string;
  readonly weightRange?: string;
  readonly exclude?: readonly string[];
  readonly rounding?: 'nearest' | 'gptq' | 'adaround';
}

/** One technique that was tried, on top of what had been kept before it. */
export interface RungResult {
  readonly name: string;
  readonly changes: RungChanges;
  /** Accuracy of the exported file, 0…1; undefined where the rung failed. */
  readonly top1: number | undefined;
  /** Points won over the best rung before it, 0…1; undefined for the first. */
  readonly gain: number | undefined;
  readonly isKept: boolean;
  readonly seconds: number;
  /** Why it could not be tried, or was cut off. */
  readonly problem?: string;
}

/** How far a climb is. */
export interface LadderState {
  readonly version: 1;
  /** Hash over model, options and labels: only the same climb can go on. */
  readonly key: string;
  readonly floatTop1: number;
  readonly rungs: readonly RungResult[];
}

/** The best rung so far. */
export function bestRung({ rungs }: Pick<LadderState, 'rungs'>): RungResult | undefined {
  return rungs.filter(({ isKept }) => isKept).at(-1);
}

/** Text of a state; ends with a newline. */
export function ladderStateToJson(state: LadderState): string {
  return `${JSON.stringify(state, undefined, 2)}\n`;
}

/**
 * Reads a state back.
 *
 * @throws {InvalidArgumentError} when the text is none
 */
export function ladderStateFromJson(text: string): LadderState {
  let json: Partial<LadderState>;
  try {
    json = JSON.parse(text) as Partial<LadderState>;
  } catch (cause) {
    throw damaged(text.slice(0, 40), cause);
  }
  const isWhole =
    json.version === 1 &&
    typeof json.key === 'string' &&
    typeof json.floatTop1 === 'number' &&
    Array.isArray(json.rungs) &&
    json.rungs.every((rung) => typeof rung.name === 'string' && typeof rung.changes === 'object');
  if (!isWhole) throw damaged(Object.keys(json).join(', '));
  return Object.freeze(json as LadderState);
}

function damaged(received: string, cause?: unknown): InvalidArgumentError {
  return new InvalidArgumentError({
    operation: '[ptq] accuracy ladder',
    expected: 'a state that an earlier climb has written (version 1)',
    received,
    hint: 'Start over without --resume.',
    cause,
  });
}
