import {
  cloneMessage,
  decodeModel,
  encodeModel,
  isFieldSet,
  ModelSchema,
  messagesEqual,
  NodeSchema,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { sampleModel } from '../sample-model';

describe('a model that uses most of the format', () => {
  it('is the same message after writing and reading, and the same bytes after writing again', () => {
    const model = sampleModel();
    const bytes = encodeModel(model);
    const back = decodeModel(bytes);
    expect(messagesEqual(ModelSchema, back, model)).toBe(true);
    expect(encodeModel(back)).toEqual(bytes);
    expect(encodeModel(cloneMessage(ModelSchema, back))).toEqual(bytes);
  });

  it('keeps "written as zero" apart from "not written"', () => {
    const node = decodeModel(encodeModel(sampleModel())).graph!.node[0]!;
    const group = node.attribute[1]!;
    expect(group.i).toBe(0n);
    expect(Object.hasOwn(group, 'i')).toBe(true);
    expect(isFieldSet(node, NodeSchema.field.domain)).toBe(false);
    expect(node.domain).toBe('');
  });
});
