import { type Comparison, type Finding, percentText } from '@bitwright/ptq';
import {
  comparisonRows,
  matchingText,
  ownError,
  worstAlone,
  worstTogether,
  writerText,
} from '../report/comparison-rows';
import { histogramChart } from './histogram-chart';
import { type Html, html, trusted } from './html';
import { layerErrorChart } from './layer-error-chart';
import { layerTable } from './layer-table';
import type { Charts } from './load-charts';
import { memoryChart } from './memory-chart';
import { pageStyle } from './page-style';
import { palette } from './palette';
import { summaryCards } from './summary-cards';
import { worstLayersChart, worstLayersHeight } from './worst-layers-chart';

/** What a report page shows: a comparison, and what a command adds to it. */
export interface ReportPage extends Comparison {
  readonly gates?: readonly { readonly isPassed: boolean; readonly message: string; readonly option: string }[];
  readonly warnings?: readonly string[];
}

/** Nothing may be loaded and no script may run, whatever a name in the model says. */
const contentPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const shownWorst = 15;

/**
 * A comparison as one HTML page that needs nothing else: no request, no script; charts are static SVG. Names from the models
 * are escaped. The same data give the same page.
 */
export function renderHtmlReport(page: ReportPage, charts: Charts): string {
  const { float, quantized } = page;
  const title = `${float.name} against ${quantized.name}`;
  const document = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${trusted(pageStyle)}</style>
</head>
<body>
<main>
<header>
<h1>${quantized.name} <span class="against">against ${float.name}</span></h1>
<p class="faint">${page.samples} samples of ${page.data} · ${matchingText(page)}${[...writerText(page)].map((text) => html` · ${text}`)}</p>
</header>
${summaryCards(page)}
${gateSection(page)}
${findingSection(page.findings)}
${layerSection(page, charts)}
${worstSection(page, charts)}
${histogramSection(page, charts)}
${memorySection(page, charts)}
${figureSection(page)}
${tableSection(page)}
${footer(page)}
</main>
</body>
</html>
`;
  return document.markup;
}

// — internals —

function gateSection({ gates = [] }: ReportPage): Html | undefined {
  if (gates.length === 0) return undefined;
  return html`<section><h2>Demands</h2><ol class="findings">${gates.map(
    ({ isPassed, message, option }) =>
      html`<li><span class="tag ${isPassed ? 'good' : 'problem'}">${isPassed ? 'passed' : 'failed'}</span><div><p>${message}</p><p class="small">${option}</p></div></li>`,
  )}</ol></section>`;
}

function findingSection(findings: readonly Finding[]): Html | undefined {
  if (findings.length === 0) return undefined;
  return html`<section><h2>What was found, and what to do</h2><ol class="findings">${findings.map(
    ({ severity, message, advice }) =>
      html`<li><span class="tag ${severity}">${severity}</span><div><p>${message}</p>${advice === undefined ? undefined : html`<p>${advice}</p>`}</div></li>`,
  )}</ol></section>`;
}

function layerSection({ layers }: ReportPage, charts: Charts): Html | undefined {
  if (layers.length === 0) return undefined;
  const width = Math.max(1060, 26 * Math.min(layers.length, 90));
  return html`<section><h2>Error by layer</h2>
<p class="faint small">Signal to quantization noise (SQNR) at each layer's output, higher is better. Bars: only this layer is quantized, as the runtime executes it. Line: the whole network is.</p>
${chart(charts, layerErrorChart(layers), { id: 'layers', width, height: 380 }, `SQNR of ${layers.length} layers in the order of the network`)}</section>`;
}

function worstSection({ layers }: ReportPage, charts: Charts): Html | undefined {
  const alone = worstAlone(layers).slice(0, shownWorst);
  const together = worstTogether(layers).slice(0, shownWorst);
  if (together.length === 0) return undefined;
  const aloneChart =
    alone.length === 0
      ? undefined
      : html`<h3>By itself</h3>${chart(
          charts,
          worstLayersChart(alone, ownError, palette.alone),
          { id: 'alone', width: 1060, height: worstLayersHeight(alone.length) },
          'Layers by the noise they add themselves',
        )}`;
  return html`<section><h2>Worst layers</h2>
<p class="faint small">Noise power over signal power. Fix the layers that are bad by themselves first: the others inherit their noise.</p>
${aloneChart}
<h3>With everything before it quantized</h3>${chart(
    charts,
    worstLayersChart(together, (layer) => layer.cumulative, palette.together),
    { id: 'together', width: 1060, height: worstLayersHeight(together.length) },
    'Layers by the noise at their output',
  )}</section>`;
}

function histogramSection({ layers }: ReportPage, charts: Charts): Html | undefined {
  const shown = worstAlone(layers).filter((layer) => layer.histogram !== undefined);
  if (shown.length === 0) return undefined;
  return html`<section><h2>Activations of the worst layers</h2>
<p class="faint small">How often float values occur (logarithmic), between the ends of the range that the codes can express (dashed). Values beyond are clipped; room without values is wasted.</p>
<div class="grid">${shown.map((layer, i) => {
    const { histogram, codes, name } = layer;
    if (histogram === undefined) return html``;
    const usage =
      codes === undefined
        ? ''
        : `${codes.dtype}, step ${Number(codes.scale.toPrecision(3))}; ${percentText(codes.clipped)} clipped, ${Math.round(100 * codes.unused)} % of the range unused`;
    const svg = charts.render(histogramChart(histogram), { id: `histogram${i}`, width: 330, height: 170 });
    return html`<figure role="img" aria-label="Histogram of ${name}"><h3>${name}</h3><figcaption>${usage}</figcaption>${trusted(svg)}</figure>`;
  })}</div></section>`;
}

function memorySection({ memory }: ReportPage, charts: Charts): Html | undefined {
  if (memory === undefined) return undefined;
  return html`<section><h2>Activation memory over one run</h2>
<p class="faint small">Live activations while the operators run one after the other, batch 1; weights and scratch memory not counted.</p>
${chart(charts, memoryChart(memory), { id: 'memory', width: 1060, height: 300 }, 'Live activation bytes of both models')}</section>`;
}

function figureSection(page: ReportPage): Html {
  return html`<section><h2>Figures</h2><div class="scroll"><table>
<thead><tr><th class="text"></th><th>float</th><th>quantized</th><th class="text"></th></tr></thead>
<tbody>${comparisonRows(page).map(
    ({ label, float, quantized, note }) =>
      html`<tr><td class="text">${label}</td><td>${float}</td><td>${quantized}</td><td class="text">${note}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function tableSection({ layers, matching }: ReportPage): Html {
  const { unmatched } = matching;
  return html`<section><h2>All layers</h2>
<p class="faint small">alone: only this layer quantized, as the file says; as executed: the same through the runtime's kernels; together: everything before it quantized too.</p>
${layerTable(layers)}
${
  unmatched.length === 0
    ? undefined
    : html`<details><summary>${unmatched.length} layers could not be compared</summary><table><tbody>${unmatched.map(
        ({ model, node, opType, reason }) =>
          html`<tr><td class="text">${model}</td><td class="name">${node}<span class="faint">${opType}</span></td><td class="name">${reason}</td></tr>`,
      )}</tbody></table></details>`
}</section>`;
}

function footer({ tool, runtime, warnings = [], notes }: ReportPage): Html {
  const all = [...new Set([...warnings, ...notes])];
  return html`<footer>
<p>Layers are compared on the quantized model as its file says (graph optimizations off, so that inner tensors exist); outputs, accuracy and latency on both models fully optimized, as users run them.</p>
${all.map((warning) => html`<p>Note: ${warning}</p>`)}
<p>Made with ${tool.name} ${tool.version}, ${runtime.name} ${runtime.version}.</p>
</footer>`;
}

function chart(
  charts: Charts,
  option: Parameters<Charts['render']>[0],
  size: Parameters<Charts['render']>[1],
  label: string,
): Html {
  return html`<figure class="scroll" role="img" aria-label="${label}">${trusted(charts.render(option, size))}</figure>`;
}
