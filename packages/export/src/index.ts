// Half precision
export {
  convertToFloat16,
  type Float16Changes,
  type Float16Options,
  type Float16Result,
} from './float16/convert-float16';
export { largestFloat16, type OverflowRule } from './float16/narrow-tensor';
// ONNX QDQ: where quantizers go, and writing them

// Operator rules: how third parties teach the planner an operator
export {
  type FloatRole,
  floatRole,
  type NodeRoles,
  type OperatorRule,
  type RuleContext,
  type WeightRole,
} from './onnx-qdq/operator-rule';
export type { PlacedActivation, PlacedBias, PlacedWeight, Placement } from './onnx-qdq/placement';
export { type PlacementOptions, planPlacement } from './onnx-qdq/plan-placement';
export { defaultRules, type RuleRegistry, ruleRegistry, withRule } from './onnx-qdq/rules/registry';
export { type QdqContent, readQdq } from './onnx-qdq/read-qdq';
export { type CodeFormat, float8Codes, integerCodes, type StoredConstant } from './onnx-qdq/code-format';
export { type WriteQdqOptions, writeQdq } from './onnx-qdq/write-qdq';

// Weights in few bits: finding, packing and writing them
export { dequantizeCodes } from './weight-only/dequantize-codes';
export {
  type FindWeightsOptions,
  type FloatWeight,
  type FoundWeights,
  findWeights,
  type SiteKind,
  type Weight,
  type WeightCopy,
  type WeightSite,
} from './weight-only/find-weights';
export type { GraphScope } from './weight-only/graph-scopes';
export { lookupLevels } from './weight-only/lookup-levels';
export { readWeight } from './weight-only/read-weight';
export {
  type BlockCodes,
  blocksPerRow,
  type LookupCodes,
  type LookupKind,
  type RowCodes,
  rowZeroPoint,
  type WeightCodes,
} from './weight-only/weight-codes';
export type { RowCompute } from './weight-only/write-row-codes';
export { type WriteWeightsOptions, writeWeights } from './weight-only/write-weights';

// TensorFlow.js layers models as ONNX
export type { WeightSpec } from './tfjs-to-onnx/decode-weights';
export { type GraphModelArtifacts, graphModelToOnnx } from './tfjs-to-onnx/graph-model-to-onnx';
export type { GraphWriter, NodeParts } from './tfjs-to-onnx/graph-writer';
export type { LayerCall, LayerConverter } from './tfjs-to-onnx/layer-call';
export type {
  LayersModelArtifacts,
  LayersModelSource,
  LayerWeight,
  LiveLayersModel,
  LiveWeight,
} from './tfjs-to-onnx/layers-model';
export {
  type LayersModelOptions,
  type LayersModelResult,
  layersModelToOnnx,
} from './tfjs-to-onnx/layers-model-to-onnx';
export type { Shape as LayerShape, Value as LayerValue, ValueType } from './tfjs-to-onnx/value';

// Models that were trained with fake quantization
export {
  type TrainedModelOptions,
  type TrainedModelResult,
  trainedModelToQdq,
} from './qat-model/trained-model-to-qdq';

// ONNX with integer operators
export { type QOperatorResult, qdqToQOperator, writeQOperator } from './onnx-qoperator/qdq-to-qoperator';
export { qOperatorToQdq } from './onnx-qoperator/qoperator-to-qdq';

// Exporters to deployment toolchains
export type { ExportCheck, ExportedFile, Exporter, ExportOptions } from './exporter';
export { defineExporter, type ExportFormat, type RenderOptions } from './define-exporter';
export { exporters, findExporter } from './exporters';
export type {
  PackedAttribute,
  PackedCodes,
  PackedHeader,
  PackedNode,
  PackedSection,
  PackedTensor,
  PackedValue,
} from './packed/packed-header';
export { isPackedModel } from './packed/packed-container';
export { type PackedModel, readPacked } from './packed/read-packed';
export { readBackProblems } from './read-back';
export type { CalibrationAlgorithm, CalibrationCacheOptions } from './tensorrt/calibration-cache';
export type { WebQuantization, WebWeightType } from './tfjs-web/encode-weight';
export {
  layersModelFiles,
  type ManifestWeight,
  type WebModelArtifacts,
  type WebModelOptions,
} from './tfjs-web/layers-model-files';
export { type OnnxToLayersFiles, onnxToLayersFiles } from './tfjs-web/onnx-to-layers-files';
export type { TfliteOptions } from './tflite/tflite-exporter';

// ONNX as trainable TensorFlow.js layers models
export { customClasses as onnxLayerClasses, registerOnnxLayers } from './onnx-to-tfjs/custom-layers';
export type { KerasValue } from './onnx-to-tfjs/keras-value';
export type { LayersModelFile } from './onnx-to-tfjs/layers-model-json';
export type { NodeCall, NodeConverter } from './onnx-to-tfjs/node-call';
export {
  type ConvertedOutput,
  type OnnxToLayersOptions,
  type OnnxToLayersResult,
  onnxToLayersModel,
} from './onnx-to-tfjs/onnx-to-layers-model';
export type { TensorFlowJs } from './onnx-to-tfjs/tensorflow-js';
