import { type Comparison, decibelText, formatBytes, type LayerComparison, percentText } from '@bitwright/ptq';

/** One line of the table of both models; cells of one model are empty where a figure is about both. */
export interface ComparisonRow {
  readonly label: string;
  readonly float: string;
  readonly quantized: string;
  readonly note: string;
}

/** The figures of two models side by side; what was not measured is not there. */
export function comparisonRows(comparison: Comparison): readonly ComparisonRow[] {
  const { outputs, evaluation, float, quantized, memory, latency, runtimeGraph } = comparison;
  const rows: ComparisonRow[] = outputs.map((output) => ({
    label: `output ${output.output}`,
    float: '',
    quantized: decibelText(output.sqnrDb),
    note:
      output.nonFinite > 0
        ? `${output.nonFinite} NaN or infinite values`
        : `${percentText(output.noiseShare)} noise, cosine ${output.cosine.toFixed(5)}, largest error ${output.maxAbsError.toPrecision(3)}`,
  }));
  if (evaluation !== undefined) {
    const points = 100 * (evaluation.quantized.top1 - evaluation.float.top1);
    rows.push({
      label: 'top-1 accuracy',
      float: `${(100 * evaluation.float.top1).toFixed(2)} %`,
      quantized: `${(100 * evaluation.quantized.top1).toFixed(2)} %`,
      note: `${points > 0 ? '+' : ''}${points.toFixed(2)} points on ${evaluation.samples} samples; both agree on ${(100 * evaluation.agreement).toFixed(1)} %`,
    });
  }
  rows.push({
    label: 'model size',
    float: formatBytes(float.bytes),
    quantized: formatBytes(quantized.bytes),
    note: `${percentText(quantized.bytes / float.bytes)} of float`,
  });
  if (memory !== undefined) {
    rows.push({
      label: 'peak activation memory',
      float: formatBytes(memory.float.peakBytes),
      quantized: formatBytes(memory.quantized.peakBytes),
      note: `${percentText(memory.quantized.peakBytes / memory.float.peakBytes)} of float`,
    });
  }
  if (latency !== undefined) {
    rows.push({
      label: `latency, batch ${latency.batch}`,
      float: `${latency.floatMs.toFixed(2)} ms`,
      quantized: `${latency.quantizedMs.toFixed(2)} ms`,
      note: latency.ratio >= 1 ? `${latency.ratio.toFixed(2)}x faster` : `${(1 / latency.ratio).toFixed(2)}x SLOWER`,
    });
  }
  if (runtimeGraph !== undefined) {
    const all = runtimeGraph.integer + runtimeGraph.float;
    rows.push({
      label: 'operators on integers',
      float: '',
      quantized: `${runtimeGraph.integer} of ${all}`,
      note: `${runtimeGraph.quantizers} ${runtimeGraph.quantizers === 1 ? 'quantizer' : 'quantizers'} between them`,
    });
  }
  return rows;
}

/** `13 layers compared (10 by name, 3 by topology), 2 not`. */
export function matchingText({ matching }: Comparison): string {
  const ways = [
    [matching.byName, 'by name'],
    [matching.byTopology, 'by topology'],
    [matching.byOrder, 'by order'],
  ] as const;
  const used = ways.filter(([count]) => count > 0).map(([count, way]) => `${count} ${way}`);
  const how = used.length === 0 ? '' : ` (${used.join(', ')})`;
  const missed = matching.unmatched.length === 0 ? 'all' : `${matching.unmatched.length} not`;
  return missed === 'all'
    ? `all ${matching.layers} layers compared${how}`
    : `${matching.layers} layers compared${how}, ${missed}`;
}

/** Which tool wrote the quantized file, where it says so; tools that keep the float model's entry say nothing. */
export function writerText({ float, quantized }: Comparison): readonly string[] {
  return quantized.producer === '' || quantized.producer === float.producer ? [] : [`by ${quantized.producer}`];
}

/** The error a layer makes by itself, as the runtime executes it where that is known. */
export function ownError(layer: LayerComparison): LayerComparison['isolated'] {
  return layer.executed ?? layer.isolated;
}

/** Layers that make an error by themselves, worst first. */
export function worstAlone(layers: readonly LayerComparison[]): readonly LayerComparison[] {
  return layers
    .filter((layer) => ownError(layer) !== undefined)
    .sort((a, b) => (ownError(b)?.noiseShare ?? 0) - (ownError(a)?.noiseShare ?? 0));
}

/** Layers by the error at their output with everything before them quantized, worst first. */
export function worstTogether(layers: readonly LayerComparison[]): readonly LayerComparison[] {
  return [...layers].sort((a, b) => b.cumulative.noiseShare - a.cumulative.noiseShare);
}
