import { toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { rampTensor, sampleModel } from '../../test/sample-model';
import { floatAttribute } from '../attribute/build-attribute';
import { ModelProtoSchema } from '../generated/onnx_pb';
import { encodeModel } from './encode-model';
import { encodeModelParts } from './encode-parts';

describe('encodeModel', () => {
  it('writes the same bytes as a plain protobuf encoder, also around large payloads', () => {
    const model = sampleModel();
    const large = rampTensor('large', [100_000]);
    large.docString = 'after the payload';
    model.graph?.initializer.push(large);
    expect(Buffer.compare(encodeModel(model), toBinary(ModelProtoSchema, model))).toBe(0);
    expect(encodeModelParts(model).parts).toContain(large.rawData);
  });

  it('refuses a model above 2 GiB − 1 and points to external data', () => {
    const model = sampleModel();
    const raw = new Uint8Array(2 ** 20);
    for (let i = 0; i < 2048; i++) {
      const tensor = rampTensor(`t${i}`, [0]);
      tensor.rawData = raw;
      model.graph?.initializer.push(tensor);
    }
    expect(() => encodeModel(model)).toThrow("writeModelFile with externalData: 'always'");
  });

  it('names a value that its field cannot carry', () => {
    const model = sampleModel();
    model.graph?.node[0]?.attribute.push(floatAttribute('alpha', 1e300));
    expect(() => encodeModel(model)).toThrow('[onnx] encodeModel: expected messages whose fields hold values');
  });
});
