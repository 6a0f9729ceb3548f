import type { Graph, Model, Node } from '../message/types';
import type { Inference } from '../shape/infer-graph';
import type { ExternalDataReader } from '../tensor/tensor-payload';

/** One thing that is wrong with a model. */
export interface CheckFinding {
  /** `error`: not a valid model, or one that the profile's runtime refuses or computes wrongly. `warning`: slow or suspicious. */
  readonly severity: 'error' | 'warning';
  /** Stable name of the rule, e.g. `scale-invalid`. */
  readonly code: string;
  /** What was expected and what is there, with node and tensor names. */
  readonly message: string;
  /** Label of the node concerned; inside body graphs with the path in front: `if_1/then_branch/Add_3`. */
  readonly node?: string;
  /** Name of the tensor concerned. */
  readonly tensor?: string;
}

/** Which runtime a model is checked for: any ONNX implementation, or onnxruntime on an x86 CPU as well. */
export type CheckProfile = 'onnx' | 'ort-x86';

/** What is known about files with external data. */
export interface ExternalFiles {
  /** Bytes of the file at `location` (below the model's folder); undefined when it does not exist. */
  size(location: string): number | undefined;
}

/** Options of `checkModel`. */
export interface CheckOptions {
  /** Default `'onnx'`. */
  readonly profile?: CheckProfile | undefined;
  /** Lets the check compare offsets and lengths of external tensors with the files. Default: not compared. */
  readonly external?: ExternalFiles | undefined;
  /** Reader for external tensors, so that quantization parameters kept there are checked too. */
  readonly readExternal?: ExternalDataReader | undefined;
}

/** Collects findings. */
export interface Report {
  error(code: string, message: string, place?: Place): void;
  warn(code: string, message: string, place?: Place): void;
}

/** Where a finding belongs. */
export interface Place {
  readonly node?: string | undefined;
  readonly tensor?: string | undefined;
}

/** What every rule gets. */
export interface CheckContext {
  readonly model: Model;
  readonly graph: Graph;
  readonly opset: number;
  readonly profile: CheckProfile;
  readonly options: CheckOptions;
  readonly report: Report;
}

/** What rules about quantization get: the structure is sound and shapes are inferred. */
export interface QuantizationContext extends CheckContext {
  readonly inference: Inference;
  readonly label: (node: Node) => string;
}
