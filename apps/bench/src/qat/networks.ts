import { prepareQat } from '@bitwright/qat-plugin';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { mobileNet } from './mobilenet';
import { loadResnet20Weights, resnet20 } from './resnet20';
import { findRow, type QatRow } from './rows';
import { makeOptimizer } from './trainer';
import { loadState } from './training-state';

/** Where weights come from. */
export interface WeightSource {
  /** The float ResNet-20 as ONNX. */
  readonly onnx: Uint8Array;
  readonly stateFolder: string;
  readonly seed: number;
}

/** The float network of a row, with the weights that training starts from. */
export async function startNetwork(row: QatRow, source: WeightSource): Promise<LayersModel> {
  const network = buildNetwork(row, source.seed);
  if (row.startsFrom !== undefined) await takeWeights(network, findRow(row.startsFrom), source);
  else if (row.network !== 'mobileNet') loadResnet20Weights(network, source.onnx);
  return network;
}

/** The float ResNet-20 that answers for distillation. */
export function teacherNetwork({ onnx }: WeightSource): LayersModel {
  const teacher = resnet20();
  loadResnet20Weights(teacher, onnx);
  return teacher;
}

// — internals —

function buildNetwork(row: QatRow, seed: number): LayersModel {
  return row.network === 'mobileNet' ? mobileNet(seed) : resnet20(row.activationKind, row.shortcuts);
}

/** The weights another row ended with, layer by layer; its quantizers are left behind. */
async function takeWeights(network: LayersModel, from: QatRow, { stateFolder, seed }: WeightSource): Promise<void> {
  const start = buildNetwork(from, seed);
  const trained = from.options === undefined ? start : prepareQat(start, from.options()).model;
  const state = await loadState(stateFolder, from.id, trained, makeOptimizer(from.schedule));
  if (state?.epoch !== from.schedule.epochs) throw new Error(`train ${from.id} first: its weights are the start`);
  for (const layer of network.layers) {
    if (layer.weights.length === 0) continue;
    layer.setWeights(trained.getLayer(layer.name).getWeights().slice(0, layer.weights.length));
  }
  trained.dispose();
  if (trained !== start) start.dispose();
}
