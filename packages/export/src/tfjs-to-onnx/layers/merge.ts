import { intAttribute, intsAttribute } from '@bitwright/onnx';
import { flagOf, type LayerCall, type LayerConverter, numberOf, unsupportedLayer } from '../layer-call';
import { isPlain, physicalAxis, plainLayout, type Shape, sameLayout, type Value } from '../value';

/** Add, Subtract, Multiply, Average, Maximum, Minimum: elementwise over all inputs, with broadcasting. */
export const mergeConverter: LayerConverter = {
  classNames: ['Add', 'Subtract', 'Multiply', 'Average', 'Maximum', 'Minimum'],
  convert(call) {
    const inputs = aligned(call, withEqualRank(call));
    const [first] = inputs;
    if (first === undefined) throw unsupportedLayer(call, 'inputs', 'none');
    const shape = inputs.map((input) => input.shape).reduce(broadcastShape);
    return [
      {
        ...first,
        shape,
        name: combine(
          call,
          inputs.map((input) => input.name),
        ),
      },
    ];
  },
};

/** Concatenate along an axis. */
export const concatenateConverter: LayerConverter = {
  classNames: ['Concatenate'],
  convert(call) {
    const inputs = aligned(call, call.inputs, false);
    const [first] = inputs;
    if (first === undefined) throw unsupportedLayer(call, 'inputs', 'none');
    const rank = first.shape.length;
    const configured = numberOf(call, 'axis', -1);
    const axis = configured < 0 ? configured + rank : configured;
    const sizes = inputs.map((input) => input.shape[axis] ?? null);
    const shape = [...first.shape];
    shape[axis] = sizes.includes(null) ? null : sizes.reduce((sum: number, size) => sum + (size ?? 0), 0);
    const names = inputs.map((input) => input.name);
    return [
      { ...first, shape, name: call.writer.one('Concat', names, [intAttribute('axis', physicalAxis(first, axis))]) },
    ];
  },
};

/** Dot: products summed over one axis of each of two inputs of 2 or 3 axes, as tfjs' batchDot. */
export const dotConverter: LayerConverter = {
  classNames: ['Dot'],
  convert(call) {
    const [x, y] = call.inputs.map((input) => call.writer.plain(input));
    if (x === undefined || y === undefined || x.shape.length > 3 || y.shape.length > 3) {
      throw unsupportedLayer(
        call,
        'two inputs of at most 3 axes',
        call.inputs.map((input) => `[${input.shape}]`).join(', '),
      );
    }
    const configured = call.config['axes'];
    const axes = (Array.isArray(configured) ? configured : [configured, configured]).map(Number);
    const [xAxis, yAxis] = [x, y].map(({ shape }, i) =>
      (axes[i] ?? -1) < 0 ? (axes[i] ?? -1) + shape.length : (axes[i] ?? 0),
    );
    const [a, b] = flagOf(call, 'normalize', false) ? [normalized(call, x, xAxis), normalized(call, y, yAxis)] : [x, y];
    return [batchDot(call, a, b, xAxis ?? 1, yAxis ?? 1)];
  },
};

const operators: Readonly<Record<string, string>> = { Add: 'Add', Subtract: 'Sub', Multiply: 'Mul', Average: 'Add' };

function combine(call: LayerCall, names: readonly string[]): string {
  const { writer, className } = call;
  if (className === 'Maximum') return writer.one('Max', names);
  if (className === 'Minimum') return writer.one('Min', names);
  if (className === 'Subtract' && names.length !== 2) throw unsupportedLayer(call, 'two inputs', `${names.length}`);
  const total = names.reduce((sum, name) => writer.one(operators[className] ?? className, [sum, name]));
  return className === 'Average' ? writer.one('Mul', [total, writer.scalar(1 / names.length)]) : total;
}

/** Inputs of one rank: smaller ones get axes of size 1 behind the batch, as tfjs' merge layers insert them. */
function withEqualRank(call: LayerCall): readonly Value[] {
  const rank = Math.max(...call.inputs.map((input) => input.shape.length));
  if (call.inputs.every((input) => input.shape.length === rank)) return call.inputs;
  return call.inputs.map((input) => {
    const missing = rank - input.shape.length;
    if (missing === 0) return input;
    const x = call.writer.plain(input);
    const axes = call.writer.int64(plainLayout(missing).map((axis) => axis + 1));
    const shape = [x.shape[0] ?? null, ...new Array<number>(missing).fill(1), ...x.shape.slice(1)];
    return { ...x, name: call.writer.one('Unsqueeze', [x.name, axes]), shape, layout: plainLayout(rank) };
  });
}

/**
 * Inputs with one order of axes, so that they can be combined element by element. Where they differ, the order that needs
 * fewest transpositions wins; among equals the one that is not plain, because convolutions left it so.
 */
function aligned(call: LayerCall, inputs: readonly Value[], keepsOrder = true): readonly Value[] {
  const [first] = inputs;
  if (first === undefined) return inputs;
  const isSame = inputs.every((x) => sameLayout(x.layout, first.layout) && x.featureOrder === first.featureOrder);
  if (isSame && (keepsOrder || first.featureOrder === undefined)) return inputs;
  if (inputs.some((x) => x.featureOrder !== undefined)) return inputs.map((x) => call.writer.plain(x));
  const votes = (layout: readonly number[]): number => inputs.filter((x) => sameLayout(x.layout, layout)).length;
  const best = [...inputs].sort(
    (a, b) => votes(b.layout) - votes(a.layout) || Number(isPlain(a)) - Number(isPlain(b)),
  )[0];
  return inputs.map((x) => call.writer.arrange(x, best?.layout ?? first.layout));
}

function broadcastShape(a: Shape, b: Shape): Shape {
  return a.map((size, i) => {
    const other = b[i] ?? null;
    if (size === 1) return other;
    return other === 1 || other === size ? size : size === null ? other : size;
  });
}

/** x / √max(Σx², ε) along an axis; ε = 1e−7, tfjs' own. */
function normalized(call: LayerCall, x: Value, axis = 1): Value {
  const { writer } = call;
  const sum = writer.one('ReduceSum', [writer.one('Mul', [x.name, x.name]), writer.int64([axis])]);
  const norm = writer.one('Sqrt', [writer.one('Max', [sum, writer.scalar(1e-7)])]);
  return { ...x, name: writer.one('Div', [x.name, norm]) };
}

function batchDot(call: LayerCall, x: Value, y: Value, xAxis: number, yAxis: number): Value {
  const { writer } = call;
  if (x.shape.length === 2 && y.shape.length === 2) {
    if (xAxis !== 1 || yAxis !== 1) throw unsupportedLayer(call, 'axis 1 of two matrices', `axes [${xAxis}, ${yAxis}]`);
    const sum = writer.one('ReduceSum', [writer.one('Mul', [x.name, y.name]), writer.int64([1])]);
    return writer.value(sum, [x.shape[0] ?? null, 1]);
  }
  // A matrix among the two becomes [N, K, 1]; that axis is taken out of the product again.
  const raised = [x, y].map((value) =>
    value.shape.length === 3
      ? value
      : writer.value(writer.one('Unsqueeze', [value.name, writer.int64([2])]), [...value.shape, 1]),
  );
  const [a = x, b = y] = raised;
  const swapped = (value: Value, isSwapped: boolean): Value => {
    if (!isSwapped) return value;
    const [batch = null, rows = null, columns = null] = value.shape;
    return writer.value(writer.one('Transpose', [value.name], [intsAttribute('perm', [0, 2, 1])]), [
      batch,
      columns,
      rows,
    ]);
  };
  const left = swapped(a, xAxis !== 2);
  const right = swapped(b, yAxis === 2);
  const product = writer.one('MatMul', [left.name, right.name]);
  const shape = [left.shape[0] ?? null, left.shape[1] ?? null, right.shape[2] ?? null];
  if (x.shape.length === y.shape.length) return writer.value(product, shape);
  const axis = x.shape.length > y.shape.length ? 2 : 1;
  return writer.value(
    writer.one('Squeeze', [product, writer.int64([axis])]),
    shape.filter((_, i) => i !== axis),
  );
}
