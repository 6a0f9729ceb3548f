import type { BitwrightBackend } from '../bitwright-backend';
import type { StoredValues } from '../storage/tensor-storage';
import type { Epilogue, FusableWork } from './fusable-work';

/**
 * The result of a kernel that waits for its consumer.
 *
 * Networks chain a convolution or a batch normalization with an addition and a relu, one kernel each; run one by one, every link
 * writes and reads the whole activation again, which costs more than its arithmetic. A result of such a kernel is therefore kept as
 * work: an addition returns the same work with a residual, a relu or its gradient runs all of it in one pass, and anything else that
 * reads the numbers has them computed as they are. The memory of the operands is held until then, whatever becomes of their tensors.
 */
export class DeferredResult {
  readonly work: FusableWork;
  readonly residual: Float32Array | undefined;
  readonly #backend: BitwrightBackend;
  readonly #shape: readonly number[];

  constructor(backend: BitwrightBackend, shape: readonly number[], work: FusableWork, residual?: Float32Array) {
    this.#backend = backend;
    this.#shape = shape;
    this.work = work;
    this.residual = residual;
    for (const operand of this.#operands()) backend.hold(operand);
  }

  /** Does the work, and what comes after it, into memory that is already there. */
  runInto(out: Float32Array, after: Pick<Epilogue, 'activation' | 'gate'> = {}): void {
    this.work.run(this.#backend, out, this.residual === undefined ? after : { residual: this.residual, ...after });
  }

  /** Does the work into new memory and lets go of the operands. */
  finish(): StoredValues {
    const stored = this.#backend.allocate(this.#shape);
    this.runInto(stored.values);
    this.release();
    return stored;
  }

  /** Lets go of the operands: nobody will ask any more. */
  release(): void {
    for (const operand of this.#operands()) this.#backend.unhold(operand);
  }

  #operands(): readonly Float32Array[] {
    return this.residual === undefined ? this.work.operands : [...this.work.operands, this.residual];
  }
}
