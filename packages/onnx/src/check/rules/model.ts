import type { CheckContext } from '../finding';
import { irVersionForOpset } from '../operator-versions';

/** Newest IR version this package knows. */
const newestIrVersion = 13;
/** What the runtimes of the profile refuse to load. */
const newestOpsetOfOnnxruntime = 26;

/** Header of the file: IR version, operator sets, graph name, typed inputs and outputs. */
export const checkHeader = ({ model, graph, opset, profile, report }: CheckContext): void => {
  const ir = Number(model.irVersion);
  if (ir < 1) report.error('ir-version', `expected ir_version to be set, received ${ir}`);
  if (ir > newestIrVersion) {
    const message = `expected ir_version up to ${newestIrVersion}, received ${ir}`;
    if (profile === 'ort-x86') report.error('ir-version', message);
    else report.warn('ir-version', message);
  }
  if (model.opsetImport.length === 0)
    report.error('opset-import', 'expected opset_import to name an operator set, received none');
  const seen = new Set<string>();
  for (const { domain, version } of model.opsetImport) {
    const key = domain === 'ai.onnx' ? '' : domain;
    if (seen.has(key)) report.error('opset-import', `expected each operator set once, received "${domain}" twice`);
    if (version < 1n)
      report.error(
        'opset-import',
        `expected a version of at least 1 for operator set "${domain}", received ${version}`,
      );
    seen.add(key);
  }
  if (profile === 'ort-x86' && opset > newestOpsetOfOnnxruntime) {
    report.error(
      'opset-import',
      `expected an opset up to ${newestOpsetOfOnnxruntime} for onnxruntime, received ${opset}`,
    );
  }
  const needed = irVersionForOpset(opset);
  if (opset > 0 && ir > 0 && ir < needed) {
    report.warn('ir-version', `expected ir_version of at least ${needed} for opset ${opset}, received ${ir}`);
  }
  if (graph.name === '') report.error('graph-name', 'expected the graph to have a name, received none');
  const initializers = new Set(graph.initializer.map((tensor) => tensor.name));
  for (const [role, infos] of [
    ['input', graph.input],
    ['output', graph.output],
  ] as const) {
    const names = new Set<string>();
    for (const info of infos) {
      const place = { tensor: info.name };
      if (info.name === '') report.error('value-name', `expected every graph ${role} to have a name, received none`);
      if (names.has(info.name))
        report.error('duplicate-value', `expected graph ${role} "${info.name}" once, received it twice`, place);
      names.add(info.name);
      const type = info.type?.value;
      if (type === undefined || type.case === undefined) {
        report.error('value-type', `expected graph ${role} "${info.name}" to have a type, received none`, place);
      } else if (type.case === 'tensorType' && type.value.elemType === 0) {
        report.error(
          'value-type',
          `expected graph ${role} "${info.name}" to have an element type, received none`,
          place,
        );
      } else if (type.case === 'tensorType' && type.value.shape === undefined) {
        report.error(
          'value-type',
          `expected graph ${role} "${info.name}" to have a shape (sizes may be open), received none`,
          place,
        );
      }
      if (role !== 'input' || !initializers.has(info.name)) continue;
      const message = `expected initializer "${info.name}" not to be a graph input as well: overridable weights are never fused`;
      if (profile === 'ort-x86')
        report.error('initializer-is-input', `${message}. Run removeInitializersFromInputs.`, place);
      else report.warn('initializer-is-input', message, place);
    }
  }
};
