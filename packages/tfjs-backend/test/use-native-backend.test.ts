import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { backendName, kernelSupport, useNativeBackend } from '../src';
import { hasAddon, skipped } from './native-addon';
import { runScript } from './run-script';

/** A process or two with TensorFlow.js in them, on a busy machine. */
const timeout = 60_000;

describe.skipIf(!hasAddon)(`useNativeBackend${skipped}`, () => {
  beforeAll(async () => {
    await useNativeBackend();
  });

  it('makes bitwright the backend and says how it runs', async () => {
    const info = await useNativeBackend();
    expect(tf.getBackend()).toBe(backendName);
    expect(info).toMatchObject({ layers: 'fused' });
    expect(info.threads).toBeGreaterThan(0);
  });

  it('refuses other options than the running backend’s, unknown ones, and impossible ones', async () => {
    await expect(useNativeBackend({ threads: 63 })).rejects.toThrow(/removeBackend/);
    await expect(useNativeBackend({ fast: true } as object)).rejects.toThrow('received fast');
    await expect(useNativeBackend({ freeBytesLimit: Number.NaN })).rejects.toThrow('freeBytesLimit');
  });

  it('takes tensors of other backends over, and gives its own away', async () => {
    await tf.setBackend('cpu');
    const fromCpu = tf.tensor1d([1, 2, 3]);
    const complexFromCpu = tf.complex([1, 2], [3, 4]);
    await tf.setBackend(backendName);
    const doubled = tf.add(fromCpu, fromCpu);
    expect(Array.from(doubled.dataSync())).toEqual([2, 4, 6]);
    expect(Array.from(tf.real(complexFromCpu).dataSync())).toEqual([1, 2]);
    await tf.setBackend('cpu');
    expect(Array.from(tf.mul(doubled, 2).dataSync())).toEqual([4, 8, 12]);
    await tf.setBackend(backendName);
    tf.dispose([fromCpu, complexFromCpu, doubled]);
  });

  it(
    'works in several worker threads at once, each with its own backend',
    async () => {
      // An eval worker inherits the input type of its process, so this is a module too; tsx has to be told again.
      const worker = `
        import { parentPort, workerData } from 'node:worker_threads';
        import { register } from 'tsx/esm/api';
        register();
        const tf = await import('@tensorflow/tfjs-core');
        const { useNativeBackend } = await import('@bitwright/tfjs-backend');
        await useNativeBackend({ threads: workerData });
        const x = tf.randomNormal([8, 16, 16, 8], 0, 1, 'float32', 1);
        const w = tf.variable(tf.randomNormal([3, 3, 8, 8], 0, 0.1, 'float32', 2));
        const optimizer = tf.train.adam(0.01);
        const cost = () => tf.mean(tf.square(tf.relu(tf.conv2d(x, w, 1, 'same'))));
        let loss;
        for (let step = 0; step < 20; step++) loss = optimizer.minimize(cost, true).dataSync()[0];
        parentPort.postMessage(loss);
      `;
      const script = `
        import { once } from 'node:events';
        import { Worker } from 'node:worker_threads';
        const workers = [1, 2, 2].map((workerData) => new Worker(${JSON.stringify(worker)}, { eval: true, workerData }));
        const losses = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
        await Promise.all(workers.map((worker) => worker.terminate()));
        console.log(JSON.stringify(losses));
      `;
      const losses = (await runScript(script)) as number[];
      expect(losses).toHaveLength(3);
      expect(losses[0]).toBeLessThan(0.5);
      // Results do not depend on the number of threads.
      expect(new Set(losses).size).toBe(1);
    },
    timeout,
  );
});

describe('useNativeBackend in a process of its own', () => {
  it.each([
    ['the addon is not where the caller says', "{ path: '/nowhere/addon.node' }", []],
    ['Node refuses addons', '{}', ['--no-addons']],
  ])(
    'leaves the cpu backend in place, and says what to do, where %s',
    async (_, options, nodeOptions) => {
      const script = `
        import * as tf from '@tensorflow/tfjs-core';
        import { useNativeBackend } from '@bitwright/tfjs-backend';
        const error = await useNativeBackend(${options}).catch((error) => error);
        const sum = tf.sum(tf.ones([2, 3])).dataSync()[0];
        console.log(JSON.stringify({ code: error.code, message: error.message, backend: tf.getBackend(), sum }));
      `;
      const outcome = (await runScript(script, nodeOptions)) as Record<string, unknown>;
      expect(outcome).toMatchObject({ code: 'ERR_NATIVE_ADDON', backend: 'cpu', sum: 6 });
      expect(outcome['message']).toMatch(/stays on its "cpu" backend.*Fix: /);
    },
    timeout,
  );

  it(
    'does nothing when it is imported',
    async () => {
      const script = `
        import * as tf from '@tensorflow/tfjs-core';
        import '@bitwright/tfjs-backend';
        console.log(JSON.stringify(tf.engine().backendNames()));
      `;
      expect(await runScript(script)).toEqual([]);
    },
    timeout,
  );
});

describe('kernelSupport', () => {
  it('lists native and borrowed kernels, every kernel of the cpu backend in one of them', async () => {
    const { native, borrowed } = await kernelSupport();
    const names = native.map(({ kernelName }) => kernelName);
    const ofCpu = tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName);
    expect(new Set(names).size).toBe(names.length);
    expect([...names, ...borrowed]).toEqual(expect.arrayContaining(ofCpu));
    expect(borrowed.filter((name) => names.includes(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['Conv2D', 'FusedBatchNorm', 'BatchMatMul', 'Sum', 'Transpose']));
    for (const { covers } of native) expect(covers).not.toBe('');
  });
});
