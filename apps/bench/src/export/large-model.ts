import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { type LayersModelArtifacts, layersModelToOnnx, onnxToLayersModel } from '@bitwright/export';
import { encodeModel } from '@bitwright/onnx';

export interface LargeModelRow {
  readonly direction: string;
  readonly megabytes: number;
  readonly seconds: number;
  /** Growth of the process's peak memory over the size of the model that was given. */
  readonly memoryFactor: number;
}

/** A VGG-like network of about 100 MB: nine wide convolutions. */
function artifacts(): LayersModelArtifacts & { readonly weightData: ArrayBuffer } {
  const [filters, count] = [592, 9];
  const layers: object[] = [layer('InputLayer', 'image', { batch_input_shape: [null, 32, 32, 3] }, [])];
  const weightSpecs = [];
  let [floats, channels, previous] = [0, 3, 'image'];
  for (let i = 0; i < count; i++) {
    const name = `conv${i}`;
    layers.push(
      layer('Conv2D', name, { filters, kernel_size: [3, 3], padding: 'same', activation: 'relu' }, [previous]),
    );
    weightSpecs.push(
      { name: `${name}/kernel`, shape: [3, 3, channels, filters], dtype: 'float32' },
      { name: `${name}/bias`, shape: [filters], dtype: 'float32' },
    );
    floats += 9 * channels * filters + filters;
    [channels, previous] = [filters, name];
  }
  const config = { name: 'large', layers, input_layers: [['image', 0, 0]], output_layers: [[previous, 0, 0]] };
  const data = new Float32Array(floats);
  for (let i = 0; i < floats; i++) data[i] = ((i * 2654435761) % 1000) / 1e5;
  return { modelTopology: { class_name: 'Model', config }, weightSpecs, weightData: data.buffer };
}

function layer(className: string, name: string, config: object, inputs: readonly string[]): object {
  return {
    name,
    class_name: className,
    config: { name, ...config },
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
  };
}

/** Converts a model of about 100 MB both ways, to the bytes of the file; run in a process of its own. */
export function measureLargeModel(): LargeModelRow[] {
  const source = artifacts();
  const size = source.weightData.byteLength;
  const rows: LargeModelRow[] = [];
  const measure = <T>(direction: string, work: () => T): T => {
    const before = process.resourceUsage().maxRSS * 1024;
    const start = performance.now();
    const result = work();
    const seconds = (performance.now() - start) / 1000;
    const grown = Math.max(process.resourceUsage().maxRSS * 1024 - before, 0);
    rows.push({ direction, megabytes: size / 1e6, seconds, memoryFactor: grown / size });
    return result;
  };
  const model = measure('TensorFlow.js → ONNX bytes', () => {
    const converted = layersModelToOnnx(source).model;
    encodeModel(converted);
    return converted;
  });
  measure('ONNX → TensorFlow.js artifacts', () => onnxToLayersModel(model));
  return rows;
}
