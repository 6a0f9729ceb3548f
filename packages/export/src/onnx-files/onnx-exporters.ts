import { findTarget, type PlanProblem, QuantError, type QuantizationSpec, type Target, targets } from '@bitwright/core';
import { checkModel, decodeModel, encodeModel, type Model, opsetVersion } from '@bitwright/onnx';
import { defineExporter } from '../define-exporter';
import { asProblem, type ExportCheck, type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { smallestOpset } from '../onnx-qdq/element-type';
import { readQdq } from '../onnx-qdq/read-qdq';
import { writeQdq } from '../onnx-qdq/write-qdq';
import { qdqToQOperator } from '../onnx-qoperator/qdq-to-qoperator';
import { qOperatorToQdq } from '../onnx-qoperator/qoperator-to-qdq';
import { commonProblems, modelIndex, tensorPlace } from '../spec-tensors';

const microsoftTargets = ['ort-x64', 'ort-x64-avx2', 'ort-x64-vnni', 'ort-arm64', 'ort-web'];

/** ONNX with QuantizeLinear/DequantizeLinear pairs, placed as the spec's target wants them. */
export const onnxQdqExporter: Exporter = /* @__PURE__ */ defineExporter({
  id: 'onnx-qdq',
  title: 'ONNX, QuantizeLinear/DequantizeLinear',
  aliases: ['qdq', 'onnx'],
  targets: /* @__PURE__ */ targets.filter(({ exporter }) => exporter === 'onnx-qdq').map(({ id }) => id),
  versions: ['qdq'],
  evidence: 'run',
  check: (spec, model) => checkOnnx('onnx-qdq', spec, model),
  render: (spec, model, { name }) => [onnxFile(`${name}.qdq`, writeQdq(model, spec, findTarget(spec.target)))],
  validate: (files) => parse(files).problems,
  read: (files) => readQdq(parsed('onnx-qdq', files)).spec,
});

/** ONNX with integer operators: QLinearConv, and onnxruntime's own QGemm, QLinearAdd … */
export const onnxQOperatorExporter: Exporter = /* @__PURE__ */ defineExporter({
  id: 'onnx-qoperator',
  title: 'ONNX, integer operators of onnxruntime',
  aliases: ['qoperator'],
  targets: microsoftTargets,
  versions: ['qoperator'],
  evidence: 'run',
  check(spec, model) {
    const checked = checkOnnx('onnx-qoperator', spec, model);
    if (checked.problems.length > 0) return checked;
    const { float } = qdqToQOperator(writeQdq(model, spec, findTarget(spec.target)));
    const stays = float.map(
      (node) => `Node "${node}" has no integer operator and computes in float between quantizers.`,
    );
    return { problems: [], notes: [...checked.notes, ...stays] };
  },
  render: (spec, model, { name }) => [
    onnxFile(`${name}.qoperator`, qdqToQOperator(writeQdq(model, spec, findTarget(spec.target))).model),
  ],
  validate: (files) => parse(files).problems,
  read: (files) => readQdq(qOperatorToQdq(parsed('onnx-qoperator', files))).spec,
});

// — internals —

function checkOnnx(id: string, spec: QuantizationSpec, model: Model): ExportCheck {
  const problems = [...commonProblems(spec, model, modelIndex(model, id)), ...opsetProblems(spec, model)];
  if (problems.length > 0 || isKnown(spec.target)) return { problems, notes: [] };
  const where = 'target';
  return { problems: [{ where, expected: 'a built-in target', received: JSON.stringify(spec.target) }], notes: [] };
}

function isKnown(id: string, known: readonly Target[] = targets): boolean {
  return known.some((target) => target.id === id);
}

function opsetProblems(spec: QuantizationSpec, model: Model): readonly PlanProblem[] {
  const opset = opsetVersion(model);
  return Object.entries(spec.tensors).flatMap(([name, { scheme }]): PlanProblem[] => {
    const needed = Math.max(13, smallestOpset(scheme));
    if (opset >= needed) return [];
    const expected = `operator set ${needed} for ${scheme.dtype.name} ${scheme.granularity.kind}`;
    return [
      { where: tensorPlace(name), expected, received: `operator set ${opset}`, hint: 'Convert the model first.' },
    ];
  });
}

function onnxFile(name: string, model: Model): ExportedFile {
  return Object.freeze({ path: `${name}.onnx`, bytes: encodeModel(model) });
}

function parse(files: readonly ExportedFile[]): { model: Model | undefined; problems: readonly PlanProblem[] } {
  const [file, second] = files;
  if (file === undefined || second !== undefined) {
    return {
      model: undefined,
      problems: [{ where: 'files', expected: 'one .onnx file', received: String(files.length) }],
    };
  }
  try {
    const model = decodeModel(file.bytes);
    const errors = checkModel(model).filter(({ severity }) => severity === 'error');
    const problems = errors.map(({ code, message }) => ({
      where: file.path,
      expected: `a valid model (${code})`,
      received: message,
    }));
    return { model, problems };
  } catch (error) {
    if (!QuantError.isInstance(error)) throw error;
    return { model: undefined, problems: [asProblem(error, file.path)] };
  }
}

function parsed(id: string, files: readonly ExportedFile[]): Model {
  const { model, problems } = parse(files);
  refuseProblems(`[export] ${id}`, problems);
  return model ?? decodeModel(new Uint8Array());
}
