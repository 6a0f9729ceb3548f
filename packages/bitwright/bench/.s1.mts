import {
  absorbHighBias,
  accuracy,
  correctBias,
  equalizeWeights,
  load,
  observeChannels,
  ortX64,
  perTensorTarget,
  prepareModel,
  qacc,
  runtime,
  specOf,
  writeQdq,
} from './.scratch.mts';

for (const name of process.argv.slice(2)) {
  const t0 = Date.now();
  const log = (...a: any[]) => console.log(name, ((Date.now() - t0) / 1000).toFixed(1), ...a);
  const d = await load(name);
  const model = prepareModel(d.model).model;
  log('float', await accuracy(model, d));
  log('per-channel', await qacc(model, ortX64, d));
  log('per-tensor', await qacc(model, perTensorTarget, d));
  const tt = Date.now();
  const eq = equalizeWeights(model);
  log(
    'eq ms',
    Date.now() - tt,
    eq.sweeps,
    eq.residual,
    eq.pairs.map((p) =>
      [
        p.tensor,
        p.smallestScale.toFixed(3),
        p.largestScale.toFixed(2),
        p.spreadBefore.toFixed(1),
        p.spreadAfter.toFixed(1),
      ].join(' '),
    ),
    eq.skipped,
  );
  log('relu float', await accuracy(eq.model, d));
  const bc = async (label: string, m: any, target = perTensorTarget) => {
    const spec = await specOf(m, target, d);
    log(label, await accuracy(writeQdq(m, spec, target), d));
    for (const activations of ['quantized', 'float'] as const) {
      const t = Date.now();
      const c = await correctBias(m, spec, {
        runtime,
        source: d.calibration,
        target,
        batchSize: d.m.batch,
        activations,
      });
      log(
        label,
        '+bc',
        activations,
        await accuracy(writeQdq(c.model, spec, target), d),
        `(${Date.now() - t} ms)`,
        Math.max(...c.layers.map((l) => l.largestShift)),
      );
    }
  };
  await bc('per-channel', model, ortX64);
  await bc('per-tensor', model);
  await bc('cle relu', eq.model);
  const names = eq.pairs.map((p) => ({ tensor: p.tensor, axis: 1 }));
  const stats = await observeChannels(eq.model, {
    runtime,
    source: d.calibration,
    tensors: names,
    batchSize: d.m.batch,
  });
  const ab = absorbHighBias(eq.model, stats);
  log(
    'absorbed',
    ab.absorbed.map((a) => `${a.tensor} ${a.channels} ${a.largest.toFixed(2)}`),
    'float',
    await accuracy(ab.model, d),
  );
  await bc('cle relu absorb', ab.model);
  const stats0 = await observeChannels(model, { runtime, source: d.calibration, tensors: names, batchSize: d.m.batch });
  const b = equalizeWeights(model, { clip: 'bounded', statistics: stats0 });
  log('bounded float', await accuracy(b.model, d));
  await bc('cle bounded', b.model);
  await bc('cle relu shared', equalizeWeights(model, { shared: 'equalize' }).model);
}
