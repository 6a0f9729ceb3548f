import { SingleBar } from 'cli-progress';
import type { OutputStream } from '../context';
import { formatDuration } from './format-number';

/** How far a phase of the work is. */
export interface Step {
  readonly phase: string;
  readonly done: number;
  readonly total: number | undefined;
  readonly etaMs: number | undefined;
}

/** The one line on a terminal that says what is going on. */
export interface ProgressDisplay {
  readonly show: (step: Step) => void;
  /** Removes the line; nothing is left of it on the screen. */
  readonly stop: () => void;
}

const labelWidth = 10;
const barWidth = 28;

/** Progress on a terminal; elsewhere, and when not wanted, a display that shows nothing. */
export function createProgress(stream: OutputStream, isWanted: boolean): ProgressDisplay {
  if (!isWanted || stream.isTTY !== true) return Object.freeze({ show: ignore, stop: ignore });
  const bar = new SingleBar({
    stream: stream as NodeJS.WritableStream,
    format: (_options, _params, step: Step) => formatStep(step),
    clearOnComplete: true,
    hideCursor: true,
    gracefulExit: false,
    fps: 12,
  });
  let phase = '';
  return Object.freeze({
    show: (step: Step) => {
      if (bar.isActive) bar.update(step.done, step);
      else bar.start(1, 0, step);
      // The bar redraws a few times a second; a phase shorter than that is shown, too.
      if (step.phase !== phase) bar.render();
      phase = step.phase;
    },
    stop: () => bar.stop(),
  });
}

/** `calibrate  ━━━━━━━━──────── 128 of 512 · 3 s left`. */
export function formatStep({ phase, done, total, etaMs }: Step): string {
  const label = phase.padEnd(labelWidth);
  if (total === undefined) return done === 0 ? `${label} …` : `${label} ${done} samples`;
  if (total <= 1) return `${label} …`;
  const filled = Math.round((Math.min(done, total) / total) * barWidth);
  const rest = etaMs === undefined || done >= total ? '' : ` · ${formatDuration(etaMs)} left`;
  return `${label} ${'━'.repeat(filled)}${'─'.repeat(barWidth - filled)} ${done} of ${total}${rest}`;
}

// — internals —

function ignore(): void {
  // A display that is not there.
}
