import type { Comparison } from './comparison';
import type { DiagnoseOptions } from './diagnose';
import type { Finding } from './finding';

/** Below this, a run is mostly the cost of calling operators. */
const tinyMs = 0.5;

/** What size and speed mean, with the reasons that show in the graph the runtime executes. */
export function speedFindings(comparison: Omit<Comparison, 'findings'>, options: DiagnoseOptions): readonly Finding[] {
  return [...speed(comparison, options), ...integers(comparison), ...size(comparison)];
}

// — internals —

function speed(comparison: Omit<Comparison, 'findings'>, options: DiagnoseOptions): Finding[] {
  const { latency } = comparison;
  if (latency === undefined || latency.ratio >= 1.05) return [];
  const isSlower = latency.ratio < 0.95;
  const times = `${latency.floatMs.toFixed(2)} ms in float, ${latency.quantizedMs.toFixed(2)} ms quantized (batch ${latency.batch})`;
  const reasons = slowReasons(comparison, options);
  return [
    {
      code: isSlower ? 'slower' : 'not-faster',
      severity: isSlower ? 'problem' : 'advice',
      message: isSlower
        ? `the quantized model is ${(1 / latency.ratio).toFixed(2)}x SLOWER than float here: ${times}`
        : `the quantized model is not faster than float here: ${times}`,
      ...(reasons.length === 0 ? {} : { advice: `Reasons to look at: ${reasons.join('; ')}.` }),
      layers: [],
    },
  ];
}

function slowReasons(
  { runtimeGraph, latency, layers }: Omit<Comparison, 'findings'>,
  options: DiagnoseOptions,
): string[] {
  const reasons: string[] = [];
  if (runtimeGraph !== undefined) {
    const { integer, quantizers, floatOperators } = runtimeGraph;
    const heavy = Object.entries(floatOperators).filter(([type]) => /Conv|MatMul|Gemm/.test(type));
    if (quantizers > Math.max(2, integer / 2)) {
      reasons.push(`${quantizers} quantizers stay between ${integer} integer operators: each passes over memory`);
    }
    if (heavy.length > 0) {
      reasons.push(`still in float: ${heavy.map(([type, count]) => `${count} ${type}`).join(', ')}`);
    }
  }
  if (options.hasInt8Products === false) reasons.push('this processor has no 8-bit dot products (VNNI, dotprod)');
  const quantized = layers.filter((layer) => layer.quantization.weights);
  if (quantized.length > 0 && quantized.every((layer) => layer.quantization.activations === 'none')) {
    reasons.push('only weights are in few bits: they are decoded on every run, which pays in memory, not in time');
  } else if (quantized.some((layer) => layer.quantization.activations === 'dynamic')) {
    reasons.push('scales of activations are computed on every run (dynamic); calibrated ones are stored');
  }
  if (latency !== undefined && latency.floatMs < tinyMs) {
    reasons.push('the model is so small that calling operators takes longer than computing them');
  }
  return reasons;
}

function integers({ runtimeGraph, layers }: Omit<Comparison, 'findings'>): Finding[] {
  const isStatic = layers.some((layer) => layer.quantization.activations === 'static' && layer.quantization.weights);
  if (runtimeGraph === undefined || runtimeGraph.integer > 0 || !isStatic) return [];
  return [
    {
      code: 'nothing-on-integers',
      severity: 'problem',
      message: 'no operator runs on integer kernels: the runtime dequantizes everything and computes in float',
      advice:
        'onnxruntime fuses uint8 activations with int8 weights and explicit zero points; quantize for the target that runs it.',
      layers: [],
    },
  ];
}

function size({ float, quantized }: Omit<Comparison, 'findings'>): Finding[] {
  if (quantized.bytes < float.bytes) return [];
  return [
    {
      code: 'not-smaller',
      severity: 'problem',
      message: `the quantized model is not smaller: ${quantized.bytes} bytes, float has ${float.bytes}`,
      advice: 'Look for weights stored twice: tied weights of which one copy stayed float.',
      layers: [],
    },
  ];
}
