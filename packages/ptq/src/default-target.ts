import { ortArm64, ortX64, type Target } from '@bitwright/core';

/** The onnxruntime target of a machine: `ort-arm64` on 64-bit Arm, else `ort-x64`. */
export function defaultTarget(architecture: string = process.arch): Target {
  return architecture === 'arm64' ? ortArm64 : ortX64;
}
