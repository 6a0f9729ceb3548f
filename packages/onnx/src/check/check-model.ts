import { InvalidArgumentError, ModelFormatError } from '@bitwright/core';
import { nodeLabel } from '../graph/body-graphs';
import { opsetVersion } from '../graph/opset-version';
import type { Model } from '../message/types';
import { inferModel } from '../shape/infer-graph';
import { overriddenInputs } from '../shape/infer-shapes';
import type { CheckContext, CheckFinding, CheckOptions, Place, Report } from './finding';
import { quantizerGraph } from './quantizer-graph';
import { checkHeader } from './rules/model';
import { checkOnnxruntime } from './rules/onnxruntime';
import { checkQuantizers } from './rules/quantizers';
import { checkStructure } from './rules/structure';
import { checkTensors } from './rules/tensors';
import { checkWeights } from './rules/weights';

const collect = (findings: CheckFinding[]): Report => {
  const add = (severity: CheckFinding['severity'], code: string, message: string, place: Place = {}): void => {
    findings.push({
      severity,
      code,
      message,
      ...(place.node === undefined ? {} : { node: place.node }),
      ...(place.tensor === undefined ? {} : { tensor: place.tensor }),
    });
  };
  return {
    error: (code, message, place) => add('error', code, message, place),
    warn: (code, message, place) => add('warning', code, message, place),
  };
};

/**
 * Checks a model and reports everything wrong with it, without throwing: header, graph structure, operators and
 * attributes, tensor payloads and external data, and the rules of quantization (scales, zero points, axes, blocks, bias,
 * accumulator width). With the profile `ort-x86` also what onnxruntime refuses on an x86 CPU or leaves in float.
 *
 * Rules about quantization look at the main graph and are skipped when the structure has errors, because then nothing
 * can be followed. Findings come in the order of these groups.
 *
 * @throws {InvalidArgumentError} for an unknown profile
 * @example checkModel(model, { profile: 'ort-x86' }).filter((finding) => finding.severity === 'error')
 */
export const checkModel = (model: Model, options: CheckOptions = {}): readonly CheckFinding[] => {
  const { profile = 'onnx' } = options;
  if (profile !== 'onnx' && profile !== 'ort-x86') {
    throw new InvalidArgumentError({
      operation: '[onnx] checkModel',
      expected: "profile 'onnx' or 'ort-x86'",
      received: `${profile}`,
    });
  }
  const findings: CheckFinding[] = [];
  const report = collect(findings);
  const { graph } = model;
  if (graph === undefined) {
    report.error('graph', 'expected the model to have a graph, received none');
    return findings;
  }
  const context: CheckContext = { model, graph, opset: opsetVersion(model), profile, options, report };
  checkHeader(context);
  checkStructure(context);
  checkTensors(context);
  if (findings.some((finding) => finding.severity === 'error' && finding.code !== 'initializer-is-input'))
    return findings;
  const inference = inferModel(model, {
    inputTypes: overriddenInputs(model, {}),
    useDeclared: true,
    readExternal: options.readExternal,
  });
  const full = { ...context, inference, label: nodeLabel };
  const quantizers = quantizerGraph(full);
  checkQuantizers(quantizers, full);
  checkWeights(quantizers, full);
  if (profile === 'ort-x86') checkOnnxruntime(quantizers, full);
  return findings;
};

/** Errors listed in one exception. */
const maxListed = 5;

/**
 * Throws when `checkModel` finds errors; warnings pass.
 *
 * @throws {ModelFormatError} that lists the first errors and their number
 */
export const assertValidModel = (model: Model, options: CheckOptions = {}): void => {
  const errors = checkModel(model, options).filter((finding) => finding.severity === 'error');
  if (errors.length === 0) return;
  const listed = errors.slice(0, maxListed).map(({ code, message }) => `(${code}) ${message}`);
  const more = errors.length > maxListed ? `; and ${errors.length - maxListed} more` : '';
  throw new ModelFormatError({
    operation: '[onnx] assertValidModel',
    expected: 'a valid model',
    received: `${errors.length} ${errors.length === 1 ? 'error' : 'errors'}: ${listed.join('; ')}${more}`,
  });
};
