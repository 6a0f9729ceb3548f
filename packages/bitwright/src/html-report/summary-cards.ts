import { type Comparison, decibelText, formatBytes, percentText } from '@bitwright/ptq';
import { type Html, html } from './html';

type Mood = 'good' | 'problem' | '';

/** The figures that matter most, large. */
export function summaryCards({ outputs, evaluation, float, quantized, memory, latency }: Comparison): Html {
  const cards: Html[] = [];
  const [worst] = [...outputs].sort((a, b) => b.noiseShare - a.noiseShare);
  if (worst !== undefined) {
    const mood = worst.noiseShare > 0.1 || worst.nonFinite > 0 ? 'problem' : worst.noiseShare < 0.001 ? 'good' : '';
    const note =
      worst.nonFinite > 0 ? `${worst.nonFinite} values not finite` : `${percentText(worst.noiseShare)} noise`;
    cards.push(card(`SQNR of ${worst.output}`, decibelText(worst.sqnrDb), note, mood));
  }
  if (evaluation !== undefined) {
    const points = 100 * (evaluation.quantized.top1 - evaluation.float.top1);
    const figure = `${(100 * evaluation.quantized.top1).toFixed(2)} %`;
    const note = `float ${(100 * evaluation.float.top1).toFixed(2)} % (${points >= 0 ? '+' : ''}${points.toFixed(2)} points)`;
    cards.push(card('top-1 accuracy', figure, note, points < -1 ? 'problem' : points > -0.3 ? 'good' : ''));
  }
  if (latency !== undefined) {
    const { ratio, floatMs, quantizedMs, batch } = latency;
    const figure = ratio >= 1 ? `${ratio.toFixed(2)}x faster` : `${(1 / ratio).toFixed(2)}x slower`;
    const note = `${quantizedMs.toFixed(2)} ms, float ${floatMs.toFixed(2)} ms, batch ${batch}`;
    cards.push(card('latency', figure, note, ratio < 0.95 ? 'problem' : ratio > 1.05 ? 'good' : ''));
  }
  const shrink = float.bytes / quantized.bytes;
  cards.push(
    card(
      'model size',
      shrink >= 1 ? `${shrink.toFixed(2)}x smaller` : `${(1 / shrink).toFixed(2)}x larger`,
      `${formatBytes(quantized.bytes)}, float ${formatBytes(float.bytes)}`,
      shrink > 1.05 ? 'good' : 'problem',
    ),
  );
  if (memory !== undefined) {
    const less = memory.float.peakBytes / Math.max(1, memory.quantized.peakBytes);
    cards.push(
      card(
        'peak activation memory',
        less >= 1 ? `${less.toFixed(2)}x less` : `${(1 / less).toFixed(2)}x more`,
        `${formatBytes(memory.quantized.peakBytes)}, float ${formatBytes(memory.float.peakBytes)}`,
        less > 1.05 ? 'good' : less < 0.95 ? 'problem' : '',
      ),
    );
  }
  return html`<div class="cards">${cards}</div>`;
}

// — internals —

function card(label: string, figure: string, note: string, mood: Mood): Html {
  return html`<div class="card ${mood}"><div class="label">${label}</div><div class="figure">${figure}</div><div class="note">${note}</div></div>`;
}
