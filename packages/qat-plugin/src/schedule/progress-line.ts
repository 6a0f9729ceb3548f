/** A line in a terminal that is written over and over. */
export interface ProgressLine {
  update(progress: number, logs: Readonly<Record<string, number>>): void;
  finish(): void;
}

/** Shortest time between two writes. */
const interval = 250;

/**
 * Progress with the time left: `[=====     ] 52% loss 0.231 acc 0.92, 3:10 left`.
 * Time left = elapsed·(1 − progress)/progress since the first update.
 */
export function progressLine(write: (text: string) => void, now: () => number = Date.now): ProgressLine {
  const start = now();
  let begun: number | undefined;
  let written = 0;
  return {
    update(progress, logs) {
      begun ??= progress;
      const time = now();
      if (time - written < interval) return;
      written = time;
      const done = progress - begun;
      const left = done > 0 ? ((time - start) * (1 - progress)) / done : undefined;
      const bar = '='.repeat(Math.round(progress * 20)).padEnd(20);
      const numbers = Object.entries(logs).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
      const eta = left === undefined ? '' : `, ${clock(left)} left`;
      write(`\r[${bar}] ${Math.round(progress * 100)}% ${numbers.join(' ')}${eta}\x1b[K`);
    },
    finish: () => write('\n'),
  };
}

/** Milliseconds as m:ss or h:mm:ss. */
function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [h, m, s] = parts as [number, number, number];
  const two = (n: number): string => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
