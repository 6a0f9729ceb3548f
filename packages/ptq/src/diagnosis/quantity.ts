import type { Graph, Model, Node, Tensor } from '@bitwright/onnx';

/** Codes that stand for a quantity, by the names of their constant parameters in the graph. */
export interface QuantityCodes {
  /** Value that holds the codes. */
  readonly name: string;
  readonly dataType: number | undefined;
  readonly scale: string;
  readonly zeroPoint: string | undefined;
  /** Axis of a scale per channel; undefined = as the operator's default. */
  readonly axis: number | undefined;
  /** Domain of the quantizers that can read these codes. */
  readonly domain: string;
  /** Codes allowed by a Clip on the codes; undefined = all of the type. */
  readonly bounds?: readonly [number, number];
}

/**
 * One real-valued quantity on its way through a graph, however often it is quantized, dequantized, cast or copied:
 * in `Conv → x → QuantizeLinear → c → DequantizeLinear → y → Conv` the names x, c and y are one quantity.
 */
export interface Quantity {
  /** The name it has first. */
  readonly id: string;
  /** Every name it has, in graph order. */
  readonly names: readonly string[];
  /** Float value before any quantizer; undefined where an operator writes codes directly. */
  readonly raw: string | undefined;
  /** Float value behind the first DequantizeLinear, if there is one. */
  readonly dequantized: string | undefined;
  readonly codes: QuantityCodes | undefined;
  /** Whether its scale is computed while the model runs. */
  readonly isDynamic: boolean;
  /** Operator that computes it; undefined for model inputs. */
  readonly producer: FlowOperator | undefined;
  /** Operators that read it. */
  readonly consumers: readonly FlowOperator[];
  readonly isOutput: boolean;
}

/** An operator that computes real numbers; quantizers, casts and shape arithmetic are none. */
export interface FlowOperator {
  readonly node: Node;
  /** The float operator it stands for: `Conv` for QLinearConv. */
  readonly kind: string;
  /** Quantities it reads, in order, constants left out. */
  readonly inputs: readonly Quantity[];
  readonly outputs: readonly Quantity[];
  /** Position in the graph's order. */
  readonly position: number;
}

/** A graph as a flow of real quantities, the same for float models and for models quantized in any way. */
export interface Flow {
  readonly model: Model;
  readonly graph: Graph;
  readonly operators: readonly FlowOperator[];
  /** All quantities, inputs first, then in graph order. */
  readonly quantities: readonly Quantity[];
  quantity(name: string): Quantity | undefined;
  /** Whether a value depends on no model input. */
  isConstant(name: string): boolean;
  initializer(name: string): Tensor | undefined;
  /** Node that writes a constant value: the DequantizeLinear of a weight. */
  constantProducer(name: string): Node | undefined;
  producerNode(name: string): Node | undefined;
  /** Element type of a value where it is known. */
  dataType(name: string): number | undefined;
}
