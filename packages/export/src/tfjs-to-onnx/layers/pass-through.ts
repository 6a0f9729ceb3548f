import { DataType, intAttribute, intsAttribute } from '@bitwright/onnx';
import { inputOf, type LayerConverter, numberOf } from '../layer-call';

/** Layers that do nothing outside training. */
export const trainingOnlyConverter: LayerConverter = {
  classNames: [
    'Dropout',
    'SpatialDropout1D',
    'SpatialDropout2D',
    'SpatialDropout3D',
    'AlphaDropout',
    'GaussianDropout',
    'GaussianNoise',
    'ActivityRegularization',
  ],
  convert: (call) => [inputOf(call)],
};

/** Rescaling: x · scale + offset. */
export const rescalingConverter: LayerConverter = {
  classNames: ['Rescaling'],
  convert(call) {
    const { writer } = call;
    const x = inputOf(call);
    const real = x.type === 'float32' ? x.name : writer.one('Cast', [x.name], [intAttribute('to', DataType.FLOAT)]);
    const scaled = writer.one('Mul', [real, writer.scalar(numberOf(call, 'scale'))]);
    const offset = numberOf(call, 'offset', 0);
    const name = offset === 0 ? scaled : writer.one('Add', [scaled, writer.scalar(offset)]);
    return [{ ...x, type: 'float32', name }];
  },
};

/** Masking: steps whose features all equal the mask value become 0, and what follows is told so. */
export const maskingConverter: LayerConverter = {
  classNames: ['Masking'],
  convert(call) {
    const { writer } = call;
    const x = writer.plain(inputOf(call));
    const equal = writer.one('Equal', [x.name, writer.scalar(numberOf(call, 'mask_value', 0))]);
    const differs = writer.one('Cast', [writer.one('Not', [equal])], [intAttribute('to', DataType.FLOAT)]);
    const axes = [x.shape.length - 1];
    const isKept =
      writer.opset >= 18
        ? writer.one('ReduceMax', [differs, writer.int64(axes)])
        : writer.one('ReduceMax', [differs], [intsAttribute('axes', axes)]);
    return [{ ...x, name: writer.one('Mul', [x.name, isKept]), isMasked: true }];
  },
};
