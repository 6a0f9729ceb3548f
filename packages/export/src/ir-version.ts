const since: readonly (readonly [opset: number, version: number])[] = [
  [25, 13],
  [24, 12],
  [23, 11],
  [21, 10],
  [19, 9],
  [15, 8],
  [13, 7],
];

/** IR version that belongs to an ai.onnx operator set from 13 on (onnx, Versioning.md). */
export function irVersionFor(opset: number): number {
  return since.find(([first]) => opset >= first)?.[1] ?? 7;
}
