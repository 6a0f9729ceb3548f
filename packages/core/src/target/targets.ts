import { InvalidArgumentError } from '../errors';
import { academic } from './profile/academic';
import { ascend } from './profile/ascend';
import { mnn } from './profile/mnn';
import { ncnn } from './profile/ncnn';
import { openvino } from './profile/openvino';
import { ortArm64 } from './profile/ort-arm64';
import { ortWeb } from './profile/ort-web';
import { ortWebWebGpu } from './profile/ort-web-webgpu';
import { ortX64 } from './profile/ort-x64';
import { ortX64Avx2 } from './profile/ort-x64-avx2';
import { ortX64Vnni } from './profile/ort-x64-vnni';
import { pplnn } from './profile/pplnn';
import { qnn } from './profile/qnn';
import { rknn } from './profile/rknn';
import { snpe } from './profile/snpe';
import { tengine } from './profile/tengine';
import { tensorrt10 } from './profile/tensorrt-10';
import { tensorrt11 } from './profile/tensorrt-11';
import { tflite } from './profile/tflite';
import { vitis } from './profile/vitis';
import type { Target } from './target';

/** The built-in targets. A user's own target is any value of type Target; functions take a list of known ones. */
export const targets: readonly Target[] = /* @__PURE__ */ Object.freeze([
  ortX64,
  ortX64Avx2,
  ortX64Vnni,
  ortArm64,
  ortWeb,
  ortWebWebGpu,
  tensorrt10,
  tensorrt11,
  openvino,
  snpe,
  qnn,
  ncnn,
  tflite,
  vitis,
  tengine,
  mnn,
  rknn,
  ascend,
  pplnn,
  academic,
]);

/**
 * A target by its id.
 *
 * @throws {InvalidArgumentError} listing the known ids
 */
export function findTarget(id: string, known: readonly Target[] = targets): Target {
  const found = known.find((target) => target.id === id);
  if (found === undefined) {
    throw new InvalidArgumentError({
      operation: '[core] findTarget',
      expected: `a target id (${known.map((target) => target.id).join(', ')})`,
      received: JSON.stringify(id),
    });
  }
  return found;
}
