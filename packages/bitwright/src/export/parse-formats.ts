import { InvalidArgumentError } from '@bitwright/core';
import { type Exporter, findExporter } from '@bitwright/export';

/**
 * The exporters of `--to tflite,ncnn`.
 *
 * @throws {InvalidArgumentError} for a name that is none, or the same format twice
 */
export function parseFormats(text: string): readonly Exporter[] {
  const found = text.split(',').map((name) => findExporter(name.trim()));
  const twice = found.find((exporter, i) => found.indexOf(exporter) < i);
  if (twice === undefined) return found;
  throw new InvalidArgumentError({
    operation: '[bitwright] read --to',
    expected: 'every format once',
    received: `${twice.id} twice`,
  });
}
