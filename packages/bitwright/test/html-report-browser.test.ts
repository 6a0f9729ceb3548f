import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './command-line';
import { imagesNpy, labelsNpy } from './fixture-data';
import { hostileModel, quantizedPair } from './hostile-model';

const candidates = [
  process.env['CHROME_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = candidates.find((path) => path !== undefined && path !== '' && existsSync(path));
const reason = executablePath === undefined ? ' (skipped: no Chromium found; set CHROME_PATH)' : '';

/** Everything a page did that a report must not do. */
interface Watched {
  readonly page: Page;
  readonly consoleErrors: string[];
  readonly requests: string[];
  readonly dialogs: string[];
}

describe.skipIf(executablePath === undefined)(`a report in a real browser${reason}`, () => {
  let place: Workplace;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    place = createWorkplace();
    const { float, quantized } = await quantizedPair(hostileModel());
    place.write('float.onnx', float);
    place.write('int8.onnx', quantized);
    place.write('data.npy', imagesNpy(16));
    place.write('labels.npy', labelsNpy(16));
    const { code, stderr } = await place.run([
      ...['compare', 'float.onnx', 'int8.onnx', '--data', 'data.npy', '--labels', 'labels.npy'],
      ...['--html', 'report.html', '--fail-under-sqnr', '5', '--latency-runs', '3'],
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    url = pathToFileURL(join(place.folder, 'report.html')).href;
    browser = await chromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: ['--no-sandbox'],
    });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    place?.remove();
  });

  async function open(width: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Watched> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const watched: Watched = { page, consoleErrors: [], requests: [], dialogs: [] };
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') watched.consoleErrors.push(message.text());
    });
    page.on('pageerror', (error) => watched.consoleErrors.push(error.message));
    page.on('request', (request) => watched.requests.push(request.url()));
    page.on('dialog', (dialog) => {
      watched.dialogs.push(dialog.message());
      dialog.dismiss().catch((error: Error) => watched.consoleErrors.push(error.message));
    });
    await page.goto(url, { waitUntil: 'load' });
    return watched;
  }

  it('loads without errors, requests or scripts, although the model names its layers like scripts', async () => {
    const { page, consoleErrors, requests, dialogs } = await open(1280);
    await page.waitForTimeout(200);
    expect({ consoleErrors, requests, dialogs }).toEqual({ consoleErrors: [], requests: [url], dialogs: [] });
    expect(await page.locator('script, img, iframe, a, object').count()).toBe(0);
    expect(await page.title()).toBe('float.onnx against int8.onnx');
    await page.close();
  });

  it('shows charts of a visible size, and text', async () => {
    const { page } = await open(1280);
    const charts = await page.locator('figure svg').all();
    expect(charts.length).toBeGreaterThanOrEqual(5);
    for (const chart of charts) {
      const box = await chart.boundingBox();
      expect(box?.width).toBeGreaterThan(150);
      expect(box?.height).toBeGreaterThan(20);
      expect(await chart.locator('path').count()).toBeGreaterThan(0);
    }
    const text = await page.evaluate<string>('document.body.innerText');
    for (const words of [
      'SQNR of logits',
      'top-1 accuracy',
      'What was found',
      'All layers',
      '<script>alert(1)</script>',
    ]) {
      expect(text).toContain(words);
    }
    await page.close();
  });

  it.each([
    [1280, 'light'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('fits %i pixels in %s colours without scrolling sideways', async (width, scheme) => {
    const { page } = await open(width, scheme);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    const [background, ink] = (await page.evaluate(
      '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]',
    )) as [string, string];
    expect(brightness(background) > brightness(ink)).toBe(scheme === 'light');
    const fill = await page.evaluate<string>(
      `getComputedStyle(document.querySelector('figure svg path[fill^="var("]')).fill`,
    );
    expect(fill).toMatch(/^rgb/);
    await page.close();
  });
});

function brightness(colour: string): number {
  return (colour.match(/\d+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
}
