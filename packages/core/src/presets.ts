import { int8, uint8 } from './dtype';
import { perAxis } from './granularity';
import { type LinearScheme, linearScheme } from './scheme';

/** uint8 activations, free zero point: onnxruntime on x86 and web. */
export const uint8Activation: LinearScheme = /* @__PURE__ */ linearScheme({ dtype: uint8 });

/** int8 activations, free zero point: onnxruntime on arm64. */
export const int8Activation: LinearScheme = /* @__PURE__ */ linearScheme({ dtype: int8 });

/** int8 weights −127…127, one scale for the tensor. */
export const int8Weight: LinearScheme = /* @__PURE__ */ linearScheme({
  dtype: int8,
  mapping: 'symmetric',
  narrowRange: true,
});

/** int8 weights −127…127, one scale per index of axis 0 (ONNX Conv output channels). */
export const int8PerChannelWeight: LinearScheme = /* @__PURE__ */ linearScheme({
  dtype: int8,
  mapping: 'symmetric',
  narrowRange: true,
  granularity: /* @__PURE__ */ perAxis(0),
});

/** 7-bit weights −64…64 as onnxruntime's reduce_range: two u8·s8 products cannot saturate an int16 pair (no VNNI). */
export const int8ReducedPerChannelWeight: LinearScheme = /* @__PURE__ */ linearScheme({
  dtype: int8,
  mapping: 'symmetric',
  qmin: -64,
  qmax: 64,
  granularity: /* @__PURE__ */ perAxis(0),
});
