import { type serialization, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { initializers, layers, type Shape } from '@tensorflow/tfjs-layers';
import { openSlot, type QuantizerSlot } from '../quantizers/quantizer-slot';
import type { SlotPlan } from '../quantizers/slot-plan';
import { isTrainingCall, layerArguments } from './inner-layer-wrapper';
import { packSettings, unpackSettings } from './settings';

/** Receives what passes a layer while its observer is on. */
export type ObserveTensor = (x: Tensor) => void;

/** A quantizer on a tensor between two layers. */
export class QuantizeActivation extends layers.Layer {
  static className: string = 'BitwrightQuantizeActivation';
  private readonly plan: SlotPlan;
  private slot_: QuantizerSlot | undefined;
  /** Set while calibrating; not saved. */
  observe: ObserveTensor | undefined;

  constructor(args: { settings: SlotPlan; name?: string }) {
    const { settings, ...rest } = args;
    super(rest);
    this.plan = settings;
    this.supportsMasking = true;
  }

  /** Its slot, once built. */
  get slots(): readonly QuantizerSlot[] {
    return this.slot_ === undefined ? [] : [this.slot_];
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as Shape;
    this.slot_ = openSlot(this.plan, shape, (name, size, isTrainable, initial) => {
      const constant = initializers.constant({ value: initial });
      return this.addWeight(name, size, 'float32', constant, undefined, isTrainable, undefined, () => constant);
    });
    super.build(inputShape);
  }

  override call(inputs: Tensor | Tensor[], kwargs: serialization.ConfigDict): Tensor | Tensor[] {
    return tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor;
      const slot = this.slot_ as QuantizerSlot;
      if (slot.state.mode === 'observe') this.observe?.(x);
      return slot.apply(x, isTrainingCall(kwargs));
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return inputShape;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), settings: packSettings(this.slot_?.toPlan() ?? this.plan) };
  }

  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    const settings = unpackSettings<SlotPlan>(config['settings']);
    return new cls({ ...layerArguments(config), settings } as unknown as serialization.ConfigDict);
  }
}
