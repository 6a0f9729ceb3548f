import { InvalidArgumentError, type JsonObject } from '@bitwright/core';
import { serialization } from '@tensorflow/tfjs-core';
import type { Quantizer, QuantizerType } from './quantizer';

/** Class names of quantizers in TensorFlow.js' own registry: state lives in the host, so copies of this package agree. */
const prefix = 'BitwrightQuantizer';

/** A quantizer as plain JSON. */
export interface QuantizerJson {
  readonly type: string;
  readonly options: JsonObject;
}

/**
 * Makes a quantizer type known to TensorFlow.js, so that saved models with it load again. Registering twice replaces.
 *
 * @throws {InvalidArgumentError} when the name is not a plain word
 */
export function registerQuantizer<Options extends object>(definition: QuantizerType<Options>): void {
  if (!/^[a-z][A-Za-z0-9]*$/.test(definition.type)) {
    throw new InvalidArgumentError({
      operation: '[qat-plugin] registerQuantizer',
      expected: 'a type name in camelCase',
      received: JSON.stringify(definition.type),
    });
  }
  class RegisteredQuantizer extends serialization.Serializable {
    static className: string = prefix + definition.type;
    static readonly definition: QuantizerType = definition as unknown as QuantizerType;
    override getConfig(): serialization.ConfigDict {
      return {};
    }
  }
  serialization.registerClass(RegisteredQuantizer, 'Bitwright', prefix + definition.type);
}

/**
 * A quantizer from its JSON form.
 *
 * @throws {InvalidArgumentError} for a type that is not registered
 */
export function quantizerFromJson({ type, options }: QuantizerJson): Quantizer {
  const entry = serialization.SerializationMap.getMap().classNameMap[prefix + type];
  const definition = (entry?.[0] as unknown as { definition?: QuantizerType } | undefined)?.definition;
  if (definition !== undefined) return definition.create(options as Record<string, unknown>);
  throw new InvalidArgumentError({
    operation: '[qat-plugin] quantizerFromJson',
    expected: 'a registered quantizer',
    received: JSON.stringify(type),
    hint: 'Call registerQatLayers() before loading, and registerQuantizer(yourType) for a quantizer of your own.',
  });
}

export function quantizerToJson({ type, options }: Quantizer): QuantizerJson {
  return { type, options };
}
