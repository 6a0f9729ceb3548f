import { AttributeType, attributeTypeName } from '../../attribute/attribute-type';
import { bodyGraphs, nodeLabel } from '../../graph/body-graphs';
import type { Attribute, Graph, Node } from '../../message/types';
import { isContribOperator } from '../contrib-operators';
import type { CheckContext } from '../finding';
import { operatorProblem } from '../operator-versions';

/** Domains whose operators this package has no table of, but that exist. */
const otherDomains = [
  'ai.onnx.ml',
  'ai.onnx.preview',
  'ai.onnx.preview.training',
  'ai.onnx.training',
  'com.microsoft.nchwc',
  'com.ms.internal.nhwc',
];

/** The value field that a type number promises. */
const valueFields: Readonly<Record<number, (attribute: Attribute) => boolean>> = {
  [AttributeType.TENSOR]: (a) => a.t !== undefined,
  [AttributeType.GRAPH]: (a) => a.g !== undefined,
  [AttributeType.SPARSE_TENSOR]: (a) => a.sparseTensor !== undefined,
  [AttributeType.TYPE_PROTO]: (a) => a.tp !== undefined,
};

const checkAttributes = (node: Node, label: string, { report }: CheckContext): void => {
  const names = new Set<string>();
  for (const attribute of node.attribute) {
    const { name, type } = attribute;
    const at = `attribute "${name}" of ${node.opType} "${label}"`;
    if (name === '')
      report.error('attribute', `expected every attribute of ${node.opType} "${label}" to have a name`, {
        node: label,
      });
    if (names.has(name)) report.error('attribute', `expected ${at} once, received it twice`, { node: label });
    names.add(name);
    if (attribute.refAttrName !== '') {
      report.error('attribute', `expected ${at} to hold a value, received a reference outside a function`, {
        node: label,
      });
    } else if (type === AttributeType.UNDEFINED) {
      report.error('attribute', `expected ${at} to state its type, received none`, { node: label });
    } else if (attributeTypeName(type).startsWith('type ')) {
      report.error('attribute', `expected ${at} to have a known type, received ${type}`, { node: label });
    } else if (valueFields[type]?.(attribute) === false) {
      report.error('attribute', `expected ${at} to hold a ${attributeTypeName(type)}, received nothing`, {
        node: label,
      });
    }
  }
};

const checkOperator = (node: Node, label: string, { model, opset, report }: CheckContext): void => {
  const domain = node.domain === 'ai.onnx' ? '' : node.domain;
  if (node.opType === '') {
    report.error('operator', `expected node "${label}" to name an operator, received none`, { node: label });
    return;
  }
  const isFunction = model.functions.some((f) => f.name === node.opType && f.domain === node.domain);
  const isImported = model.opsetImport.some((entry) => (entry.domain === 'ai.onnx' ? '' : entry.domain) === domain);
  if (!isImported) {
    report.error(
      'domain-not-imported',
      `expected operator set "${node.domain}" of ${node.opType} "${label}" in opset_import`,
      { node: label },
    );
    return;
  }
  if (isFunction) return;
  if (domain === '') {
    const problem = operatorProblem(node.opType, opset);
    if (problem !== undefined) {
      report.error(
        'operator',
        `expected an operator of opset ${opset}, received ${node.opType} ("${label}"): ${problem}`,
        { node: label },
      );
    }
  } else if (domain === 'com.microsoft') {
    if (!isContribOperator(node.opType)) {
      report.warn('operator', `expected a known com.microsoft operator, received ${node.opType} ("${label}")`, {
        node: label,
      });
    }
  } else if (!otherDomains.includes(domain)) {
    report.warn('operator', `expected a known operator domain, received "${domain}" (${node.opType} "${label}")`, {
      node: label,
    });
  }
};

/**
 * Names and order in one graph and the graphs inside it: every value defined once, before it is read, and no inner name
 * hides an outer one.
 */
const checkGraph = (graph: Graph, scope: string, outer: ReadonlySet<string>, context: CheckContext): void => {
  const { report } = context;
  const labelOf = (node: Node): string => (scope === '' ? nodeLabel(node) : `${scope}/${nodeLabel(node)}`);
  const defined = new Set<string>();
  const define = (name: string, by: string, node?: string): void => {
    const place = { tensor: name, node };
    if (defined.has(name))
      report.error('duplicate-value', `expected value "${name}" to be defined once, received ${by} as well`, place);
    else if (outer.has(name))
      report.error('shadowed-value', `expected "${name}" (${by}) not to hide a value of the graph around it`, place);
    defined.add(name);
  };
  for (const input of graph.input) if (input.name !== '') define(input.name, 'a graph input');
  const initializers = new Set<string>();
  const tensors = [
    ...graph.initializer.map((t) => t.name),
    ...graph.sparseInitializer.map((s) => s.values?.name ?? ''),
  ];
  for (const name of tensors) {
    if (name === '') report.error('value-name', 'expected every initializer to have a name, received none');
    else if (initializers.has(name))
      report.error('duplicate-value', `expected initializer "${name}" once, received it twice`, { tensor: name });
    else if (!defined.has(name)) define(name, 'an initializer');
    initializers.add(name);
  }
  const later = new Set(graph.node.flatMap((node) => node.output));
  const nodeNames = new Set<string>();
  for (const node of graph.node) {
    const label = labelOf(node);
    if (node.name !== '' && nodeNames.has(node.name)) {
      report.warn('duplicate-node-name', `expected node names to be unique, received "${label}" twice`, {
        node: label,
      });
    }
    nodeNames.add(node.name);
    for (const name of node.input) {
      if (name === '' || defined.has(name) || outer.has(name)) continue;
      const place = { node: label, tensor: name };
      if (later.has(name)) {
        report.error(
          'order',
          `expected input "${name}" of ${node.opType} "${label}" to be produced before it is read`,
          place,
        );
      } else {
        report.error(
          'undefined-value',
          `expected input "${name}" of ${node.opType} "${label}" to be defined, received no definition`,
          place,
        );
      }
    }
    if (node.output.every((name) => name === '')) {
      report.error('node-output', `expected ${node.opType} "${label}" to have an output, received none`, {
        node: label,
      });
    }
    checkOperator(node, label, context);
    checkAttributes(node, label, context);
    const bodies = bodyGraphs(node);
    const visible = bodies.length === 0 ? outer : new Set([...outer, ...defined]);
    for (const body of bodies) checkGraph(body.graph, `${label}/${body.attribute}`, visible, context);
    for (const name of node.output) if (name !== '') define(name, `an output of ${node.opType} "${label}"`, label);
  }
  for (const { name } of graph.output) {
    if (name === '' || defined.has(name) || outer.has(name)) continue;
    report.error(
      'undefined-value',
      `expected graph output "${name}"${scope === '' ? '' : ` of ${scope}`} to be defined`,
      { tensor: name },
    );
  }
};

/** Graph structure, operators and attributes of the main graph and every body graph. */
export const checkStructure = (context: CheckContext): void => {
  checkGraph(context.graph, '', new Set(), context);
};
