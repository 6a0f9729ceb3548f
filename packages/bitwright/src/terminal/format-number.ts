/** `1.09 M`, `271 k`, `512`: three digits with a decimal prefix. */
export function formatCount(value: number): string {
  const prefixes = ['', 'k', 'M', 'G', 'T'];
  let scaled = value;
  let prefix = 0;
  for (; scaled >= 999.5 && prefix < prefixes.length - 1; prefix++) scaled /= 1000;
  return prefix === 0 ? `${value}` : `${scaled.toPrecision(3)} ${prefixes[prefix]}`;
}

/** `480 ms`, `3 s`, `2 min 5 s`, `1 h 3 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
