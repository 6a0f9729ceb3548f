import { RuntimeError } from '@bitwright/core';

const allowedTags: ReadonlySet<string> = new Set([
  'svg',
  'g',
  'defs',
  'clipPath',
  'linearGradient',
  'stop',
  'path',
  'rect',
  'line',
  'polyline',
  'polygon',
  'circle',
  'ellipse',
  'text',
  'tspan',
]);

/**
 * The chart library's SVG for a page without scripts: hover styles and marks for scripts go, ids get the chart's own prefix,
 * and the result is checked, so that a name from a model could not do harm even if the library forgot to escape it.
 *
 * @throws {RuntimeError} when anything but shapes and text is left
 */
export function cleanSvg(svg: string, id: string): string {
  const clean = svg
    .replace(/<style\b[^>]*>\s*<!\[CDATA\[[\s\S]*?\]\]>\s*<\/style>/g, '')
    .replace(/ (?:class|ecmeta_\w+|pointer-events)="[^"<>]*"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/^<svg width="(\d+)" height="(\d+)"/, '<svg width="$1" height="$2" aria-hidden="true"');
  for (const [, name = ''] of clean.matchAll(/<\/?([^\s>/]*)/g)) {
    if (!allowedTags.has(name)) throw unsafe(`<${name.slice(0, 20)}>`);
  }
  for (const [tag] of clean.matchAll(/<[^>]*>/g)) {
    const attributes = tag.replace(/"[^"]*"/g, '""');
    const found = /\s(on\w+|href|xlink:href|src)\s*=/i.exec(attributes)?.[1];
    if (found !== undefined) throw unsafe(`an attribute ${found}`);
  }
  return clean;
}

// — internals —

function unsafe(received: string): RuntimeError {
  return new RuntimeError({
    operation: '[bitwright] draw chart',
    expected: 'an SVG of shapes and text',
    received,
    hint: 'This is a bug, or a plotting library of another version than the one tested.',
  });
}
