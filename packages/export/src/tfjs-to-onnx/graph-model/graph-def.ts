import { ModelFormatError } from '@bitwright/core';
import { isRecord } from '../layers-model';

/** A node of a TensorFlow graph, as model.json holds it. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes it reads, output 0 unless `:1` follows; control inputs are left out. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * The nodes of a graph model, by name.
 *
 * @throws {ModelFormatError} when the topology holds no nodes
 */
export function readGraphDef(topology: unknown): ReadonlyMap<string, GraphNode> {
  const list = isRecord(topology) ? topology['node'] : undefined;
  if (!Array.isArray(list)) {
    throw new ModelFormatError({
      operation: '[export] graphModelToOnnx',
      expected: 'a graph model: modelTopology with a list node',
      received: isRecord(topology) ? `an object with ${Object.keys(topology).slice(0, 6).join(', ')}` : typeof topology,
      hint: 'A layers model is converted by layersModelToOnnx.',
    });
  }
  return new Map(list.map((json: unknown): [string, GraphNode] => readNode(json)));
}

function readNode(json: unknown): [string, GraphNode] {
  if (!isRecord(json) || typeof json['name'] !== 'string' || typeof json['op'] !== 'string') {
    throw new ModelFormatError({
      operation: '[export] graphModelToOnnx',
      expected: 'nodes with a name and an op',
      received: JSON.stringify(json)?.slice(0, 80) ?? 'nothing',
    });
  }
  const inputs = Array.isArray(json['input']) ? json['input'].map(String).filter((name) => !name.startsWith('^')) : [];
  const attributes = isRecord(json['attr']) ? json['attr'] : {};
  return [json['name'], { name: json['name'], op: json['op'], inputs, attributes }];
}

/** Whole numbers of an attribute `{"list": {"i": ["1", "2"]}}`. */
export function intsOf(node: GraphNode, key: string, fallback: readonly number[]): readonly number[] {
  const value = node.attributes[key];
  const list = isRecord(value) && isRecord(value['list']) ? (value['list']['i'] ?? []) : undefined;
  return Array.isArray(list) ? list.map(Number) : fallback;
}

/** A number `{"f": 0.1}` or `{"i": "1"}`. */
export function numberOf(node: GraphNode, key: string, fallback: number): number {
  const value = node.attributes[key];
  return isRecord(value) ? Number(value['f'] ?? value['i'] ?? fallback) : fallback;
}

/** A switch `{"b": true}`. */
export function flagOf(node: GraphNode, key: string): boolean {
  const value = node.attributes[key];
  return isRecord(value) && value['b'] === true;
}

/** A text `{"s": "U0FNRQ=="}`; texts come in base 64 or as they are. */
export function textOf(node: GraphNode, key: string, fallback: string): string {
  const value = node.attributes[key];
  return isRecord(value) && value['s'] !== undefined ? decoded(String(value['s'])) : fallback;
}

/** Texts `{"list": {"s": [...]}}`. */
export function textsOf(node: GraphNode, key: string): readonly string[] {
  const value = node.attributes[key];
  const list = isRecord(value) && isRecord(value['list']) ? value['list']['s'] : undefined;
  return Array.isArray(list) ? list.map((text) => decoded(String(text))) : [];
}

/** The TensorFlow name of a type, `DT_FLOAT`. */
export function typeOf(node: GraphNode, key = 'dtype'): string {
  const value = node.attributes[key];
  return isRecord(value) ? String(value['type'] ?? 'DT_FLOAT') : 'DT_FLOAT';
}

/** Sizes of a `shape` attribute; null where open. */
export function shapeOf(node: GraphNode): (number | null)[] | undefined {
  const value = node.attributes['shape'];
  const shape = isRecord(value) ? value['shape'] : undefined;
  if (!isRecord(shape) || !Array.isArray(shape['dim'])) return undefined;
  return shape['dim'].map((dim: unknown) => {
    const size = isRecord(dim) ? Number(dim['size'] ?? -1) : -1;
    return size < 0 ? null : size;
  });
}

function decoded(text: string): string {
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0;
  if (!isBase64) return text;
  const plain = atob(text);
  return /^[\w ]+$/.test(plain) ? plain : text;
}
