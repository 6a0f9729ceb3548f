import { graphIndex, type InputShapes, type Model, peakActivationMemory } from '@bitwright/onnx';
import type { Feeds } from '../feeds';
import type { Comparison, MemorySchedule } from './comparison';
import type { Flow } from './quantity';

/** Activation memory of both models, or why it is not known. */
export interface MemorySchedules {
  readonly memory?: NonNullable<Comparison['memory']>;
  readonly problem?: string;
}

/** Activation memory of both models at batch 1 (or the batch they fix), step by step; steps on constants are left out. */
export function memorySchedules(float: Flow, quantized: Flow, feeds: Feeds): MemorySchedules {
  const shapes = Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]): [string, readonly number[]] => [name, [1, ...tensor.dims.slice(1)]]),
  );
  const schedules = [scheduleOf(float, shapes, false), scheduleOf(quantized, shapes, true)] as const;
  const [a, b] = schedules;
  if (typeof a === 'string') return { problem: `activation memory of the float model: ${a}` };
  if (typeof b === 'string') return { problem: `activation memory of the quantized model: ${b}` };
  return { memory: { float: a, quantized: b } };
}

// — internals —

function scheduleOf(flow: Flow, shapes: InputShapes, fused: boolean): MemorySchedule | string {
  const { model, graph } = flow;
  try {
    const { peakBytes, atNode, timeline, unknown } = peakActivationMemory(model, openShapes(model, shapes), { fused });
    if (unknown.length > 0) return `sizes of ${unknown.length} tensors are not known, e.g. of "${unknown[0]}"`;
    // The timeline has one step per node, in the order of the index.
    const { nodes } = graphIndex(graph);
    const running = timeline.filter((_, i) => nodes[i]?.output.some((name) => name !== '' && !flow.isConstant(name)));
    return { peakBytes, atNode, steps: running.map(({ node, bytes }) => ({ node, bytes })) };
  } catch (error) {
    return (error as Error).message;
  }
}

/** Shapes for inputs that leave their first axis open; a fixed batch stays as the model has it. */
function openShapes(model: Model, shapes: InputShapes): InputShapes {
  const open = (model.graph?.input ?? []).filter((input) => {
    const type = input.type?.value;
    return type?.case === 'tensorType' && type.value.shape?.dim[0]?.value.case !== 'dimValue';
  });
  return Object.fromEntries(
    open.flatMap(({ name }): [string, readonly (number | string)[]][] => {
      const shape = shapes[name];
      return shape === undefined ? [] : [[name, shape]];
    }),
  );
}
