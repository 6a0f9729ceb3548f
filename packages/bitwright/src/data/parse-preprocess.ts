import { InvalidArgumentError } from '@bitwright/core';
import { definePreprocess, type Preprocess, preprocessPresets, type Resize } from './preprocess';

/** Preprocessing as written on a command line or in a config file. Every part given replaces the preset's. */
export interface PreprocessText {
  readonly preset?: string | undefined;
  /** `256` (shorter side), `240x320` (height x width), `240x320:cover`, or `none`. */
  readonly resize?: string | undefined;
  /** `224`, `224x192` (height x width), or `none`. */
  readonly crop?: string | undefined;
  /** One number or one per channel, e.g. `0.485,0.456,0.406`. */
  readonly mean?: string | undefined;
  readonly std?: string | undefined;
  /** A number or a fraction, e.g. `1/255`. */
  readonly scale?: string | undefined;
  readonly layout?: string | undefined;
  /** `rgb`, `bgr` or `gray`. */
  readonly channels?: string | undefined;
}

const fits = ['fill', 'cover', 'contain'] as const;
const layouts = ['nchw', 'nhwc'] as const;
const colours = ['rgb', 'bgr', 'gray'] as const;

/**
 * Preprocess from text; undefined when nothing is given.
 *
 * Without a preset: no resize, no crop, rgb, scale 1/255, mean 0, std 1.
 *
 * @throws {InvalidArgumentError} naming the option, what it takes and what came
 */
export function parsePreprocess(text: PreprocessText): Preprocess | undefined {
  if (Object.values(text).every((part) => part === undefined)) return undefined;
  const base = text.preset === undefined ? plain : findPreset(text.preset);
  const colour = text.channels === undefined ? base.colour : oneOf('--channels', text.channels, colours);
  const layout = text.layout === undefined ? base.layout : oneOf('--layout', text.layout.toLowerCase(), layouts);
  const resize = text.resize === undefined ? base.resize : parseResize(text.resize);
  const crop = text.crop === undefined ? base.crop : parseCrop(text.crop);
  const scale = text.scale === undefined ? base.scale : parseScale(text.scale);
  const mean = text.mean === undefined ? base.mean : parseNumbers('--mean', text.mean);
  const std = text.std === undefined ? base.std : parseNumbers('--std', text.std);
  checkUnits(text, scale, mean);
  const isPreset = Object.entries(text).every(([key, part]) => key === 'preset' || part === undefined);
  return definePreprocess({
    name: isPreset ? base.name : text.preset === undefined ? 'custom' : `${base.name} (changed)`,
    colour,
    scale,
    mean: forColour(mean, colour, text.mean),
    std: forColour(std, colour, text.std),
    ...(resize === undefined ? {} : { resize }),
    ...(crop === undefined ? {} : { crop }),
    ...(layout === undefined ? {} : { layout }),
    ...(base.dtype === undefined ? {} : { dtype: base.dtype }),
  });
}

const plain: Preprocess = { name: 'custom', colour: 'rgb', scale: 1 / 255, mean: [0], std: [1] };

function findPreset(name: string): Preprocess {
  const known = name === 'raw' ? 'none' : name;
  const preset = Object.hasOwn(preprocessPresets, known) ? preprocessPresets[known] : undefined;
  if (preset === undefined) throw invalid('--preprocess', Object.keys(preprocessPresets).join(', '), name);
  return preset;
}

/** A preset's three means fit neither gray images nor a changed channel order: then they must be given. */
function forColour(values: readonly number[], colour: Preprocess['colour'], given?: string): readonly number[] {
  if (given !== undefined || values.length === 1 || colour === 'rgb') return values;
  if (colour === 'bgr') return [...values].reverse();
  throw invalid('--mean and --std', 'one number each with --channels gray', 'a preset with three');
}

function parseResize(text: string): Resize | undefined {
  if (text === 'none') return undefined;
  const match = /^(\d+)(?:x(\d+)(?::(\w+))?)?$/i.exec(text.trim());
  if (match === null) throw invalid('--resize', '256 (shorter side), 240x320 (height x width) or none', text);
  if (match[2] === undefined) return { shorterSide: Number(match[1]), kernel: 'linear' };
  const fit = oneOf('--resize', match[3] ?? 'fill', fits);
  return { height: Number(match[1]), width: Number(match[2]), fit, kernel: 'linear' };
}

function parseCrop(text: string): readonly [number, number] | undefined {
  if (text === 'none') return undefined;
  const match = /^(\d+)(?:[x,](\d+))?$/i.exec(text.trim());
  if (match === null) throw invalid('--crop', '224, 224x192 (height x width) or none', text);
  return [Number(match[1]), Number(match[2] ?? match[1])];
}

function parseScale(text: string): number {
  const parts = text.split('/').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const value = parts.length === 2 ? (parts[0] ?? 0) / (parts[1] ?? 0) : parts.length === 1 ? parts[0] : Number.NaN;
  if (value === undefined || !Number.isFinite(value) || value === 0) {
    throw invalid('--scale', 'a number or fraction other than 0, e.g. 1/255', text);
  }
  return value;
}

function parseNumbers(option: string, text: string): readonly number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (values.every(Number.isFinite)) return values;
  throw invalid(option, 'one number, or one per channel joined by commas, e.g. 0.485,0.456,0.406', text);
}

/** Means of 0…255 beside a scale of 1/255 are the most common mistake with these options. */
function checkUnits(text: PreprocessText, scale: number, mean: readonly number[]): void {
  if (text.mean === undefined || text.scale !== undefined || scale > 0.1) return;
  if (mean.every((value) => Math.abs(value) <= 2)) return;
  throw invalid('--mean', 'values in scaled units (pixels · 1/255)', text.mean, 'For units of 0…255 add --scale 1.');
}

function oneOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw invalid(option, choices.join(', '), text);
  return found;
}

function invalid(option: string, expected: string, received: string, hint?: string): InvalidArgumentError {
  return new InvalidArgumentError({
    operation: `[bitwright] read ${option}`,
    expected,
    received: `'${received}'`,
    hint,
  });
}
