import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeModel } from '@bitwright/onnx';
import { type Comparison, compareModels } from '@bitwright/ptq';
import { beforeAll, describe, expect, it } from 'vitest';
import { cleanSvg } from '../src/html-report/clean-svg';
import { html } from '../src/html-report/html';
import { loadCharts } from '../src/html-report/load-charts';
import { renderHtmlReport } from '../src/html-report/render-html-report';
import { imageData } from './fixture-data';
import { hostileModel, hostileNames, quantizedPair } from './hostile-model';

let comparison: Comparison;
let page: string;

beforeAll(async () => {
  const { float, quantized } = await quantizedPair(hostileModel());
  const feeds = { image: { type: 'float32' as const, data: imageData(8), dims: [8, 3, 8, 8] } };
  comparison = await compareModels(decodeModel(float), decodeModel(quantized), { source: [feeds], latencyRuns: 3 });
  page = renderHtmlReport(comparison, await loadCharts());
});

describe('renderHtmlReport', () => {
  it('escapes every name from the model, in text, in attributes and in charts', () => {
    expect(comparison.layers.map((layer) => layer.name)).toEqual(expect.arrayContaining([hostileNames.conv1]));
    expect(page.includes('&#60;script&#62;alert(1)&#60;/')).toBe(true);
    for (const needle of ['<script', '<img', '<svg onload', '<a ', 'onerror="', '\u001b', '\u202e', ']]>']) {
      expect([needle, page.indexOf(needle)]).toEqual([needle, -1]);
    }
  });

  it('asks for nothing from outside and forbids scripts', () => {
    expect(page).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;`);
    expect(page.match(/<(?:link|script|iframe|object|embed|form|base|img)\b/gi)).toBeNull();
    const attributes = (page.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '')).join('\n');
    expect(attributes.match(/\b(?:src|href|srcset|action|on\w+)\s*=/gi)).toBeNull();
    expect(page.match(/url\((?!#)|@import/gi)).toBeNull();
  });

  it('has a chart for errors, worst layers, activations and memory, with ids of their own', () => {
    expect(page.match(/<svg /g)?.length).toBeGreaterThanOrEqual(5);
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const title of ['Error by layer', 'Worst layers', 'Activations of the worst layers', 'Activation memory']) {
      expect(page).toContain(title);
    }
  });

  it('is the same page for the same data', async () => {
    const again = renderHtmlReport(comparison, await loadCharts()).split('\n');
    expect(page.split('\n').filter((line, i) => line !== again[i])).toEqual([]);
  });

  it('shows the demands and whether they are met', async () => {
    const gates = [{ isPassed: false, message: '24 dB, demanded are 30 dB', option: '--fail-under-sqnr' }];
    const text = renderHtmlReport({ ...comparison, gates }, await loadCharts());
    expect(text).toContain('24 dB, demanded are 30 dB');
    expect(text).toContain('>failed</span>');
  });

  it('says how to install the plotting library when it is missing', async () => {
    const missing = loadCharts(() => Promise.reject(new Error("Cannot find package 'echarts'")));
    await expect(missing).rejects.toMatchObject({ code: 'ERR_RUNTIME', hint: 'Run: npm install echarts' });
  });
});

describe('html', () => {
  it('escapes values in text and attributes, and takes markup as it is', () => {
    const inner = html`<b>${'<i>'}</b>`;
    expect(html`<p title="${'"\'&'}">${inner}${[inner]}${undefined}${3}</p>`.markup).toBe(
      '<p title="&#34;&#39;&#38;"><b>&#60;i&#62;</b><b>&#60;i&#62;</b>3</p>',
    );
  });
});

describe('cleanSvg', () => {
  it('refuses what is no shape and no text, should the plotting library ever let it through', () => {
    expect(cleanSvg('<svg width="1" height="2"><g class="x"><path d="M0 0"/></g></svg>', 'a')).toBe(
      '<svg width="1" height="2" aria-hidden="true"><g><path d="M0 0"/></g></svg>',
    );
    for (const inner of [
      '<script>alert(1)</script>',
      '<image href="http://x"/>',
      '<foreignObject/>',
      '<path onclick="x" d=""/>',
      '<text xlink:href="x">a</text>',
      '<use href="#a"/>',
    ]) {
      expect(() => cleanSvg(`<svg width="1" height="2">${inner}</svg>`, 'a')).toThrow('shapes and text');
    }
  });

  it('knows every element this version of the plotting library writes', () => {
    const { version } = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../../node_modules/echarts/package.json'), 'utf8'),
    ) as { version: string };
    expect(version.split('.')[0]).toBe('6');
  });
});
