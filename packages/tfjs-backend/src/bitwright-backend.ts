import { InvalidArgumentError } from '@bitwright/core';
import type { NativeContext } from '@bitwright/kernels-native';
import {
  type BackendTimingInfo,
  backend_util,
  buffer,
  type DataId,
  DataStorage,
  type DataType,
  engine,
  KernelBackend,
  kernel_impls,
  type Rank,
  type ShapeMap,
  type Tensor,
  type Tensor2D,
  type TensorBuffer,
  type TensorInfo,
  type TypedArray,
  util,
} from '@tensorflow/tfjs-core';
import { DeferredResult } from './deferred/deferred-result';
import type { FusableWork } from './deferred/fusable-work';
import { isDifferentiated } from './gradients/gradient-depth';
import { allocateMemory, arrayTypes, type Memory } from './storage/allocate-memory';
import { type BufferPool, smallestPooledBytes } from './storage/buffer-pool';
import { type NumericDType, type NumericValues, TensorStorage, type ValuesOf } from './storage/tensor-storage';

/** A new tensor and the memory a kernel has to fill; the memory starts with arbitrary content. */
export interface Output<D extends NumericDType = 'float32'> {
  readonly info: TensorInfo;
  readonly values: ValuesOf<D>;
}

/**
 * Tensor storage for native and borrowed kernels.
 *
 * It offers what tfjs' cpu kernels expect of their own backend (`data`, `makeTensorInfo`, `bufferSync`, …), so that every one of
 * them runs on this storage unchanged. Results of native kernels live in pooled memory that returns to the pool when its last
 * tensor is disposed; results of borrowed kernels and arrays given by the user stay ordinary typed arrays. A borrowed kernel may
 * return a view of its input (a contiguous slice does): blocks count the buckets that look into them, so memory never returns early.
 * `data()` and `dataSync()` copy pooled memory, because a caller may keep the array after the tensor is gone.
 */
export class BitwrightBackend extends KernelBackend {
  /** Tile edge that the cpu matmul kernel reads. */
  readonly blockSize = 48;
  readonly data: DataStorage<TensorStorage>;
  /** The handle every native call takes: instruction set and threads. */
  readonly native: NativeContext;
  readonly #pool: BufferPool;

  constructor(native: NativeContext, pool: BufferPool) {
    super();
    this.native = native;
    this.#pool = pool;
    this.data = new DataStorage<TensorStorage>(this, { moveData: moveFromOtherBackend });
  }

  // — for kernels —

  /**
   * A new tensor for a kernel to fill.
   *
   * @throws {RuntimeError} when the memory cannot be had
   */
  output<D extends NumericDType = 'float32'>(shape: readonly number[], dtype?: D): Output<D> {
    const type = dtype ?? ('float32' as D);
    const { values, block } = this.allocate(shape, type);
    return { info: this.#addBucket(shape, new TensorStorage(type, 1, { values, block })), values };
  }

  /** A new tensor in memory that nothing else can look into, however small it is: for values updated in place. */
  ownedOutput(shape: readonly number[]): Output {
    const { values, block } = allocateMemory(this.#pool, shape, 'float32', 0);
    return { info: this.#addBucket(shape, new TensorStorage('float32', 1, { values, block })), values };
  }

  /** A new tensor whose numbers are computed when they are asked for. */
  deferredOutput(shape: readonly number[], work: FusableWork, residual?: Float32Array): TensorInfo {
    const deferred = new DeferredResult(this, shape, work, residual);
    const nothing = { values: undefined, block: undefined };
    return this.#addBucket(shape, new TensorStorage('float32', 1, nothing, deferred));
  }

  /**
   * The result of fusable work: kept as work where a consumer may join it, else computed now.
   *
   * Computed now are results that a gradient will read anyway, and work on arrays that belong to the caller of tfjs, who may change
   * them before anybody asks for the result.
   */
  fusableOutput(
    shape: readonly number[],
    work: FusableWork,
    { isSavedForGradient = false }: { readonly isSavedForGradient?: boolean } = {},
  ): TensorInfo {
    const [x] = work.operands;
    const isOurs = x !== undefined && this.#pool.blockOf(x) !== undefined;
    if (isOurs && !(isSavedForGradient && isDifferentiated())) return this.deferredOutput(shape, work);
    const { info, values } = this.output(shape);
    work.run(this, values, {});
    return info;
  }

  /** Memory for one tensor, with arbitrary content; small tensors get a plain typed array of zeros. */
  allocate<D extends NumericDType = 'float32'>(shape: readonly number[], dtype?: D): Memory<D> {
    return allocateMemory(this.#pool, shape, dtype ?? ('float32' as D), smallestPooledBytes);
  }

  /** Keeps the memory of an array from being reused, whatever becomes of the tensors in it. */
  hold(values: Float32Array): void {
    const block = this.#pool.blockOf(values);
    if (block !== undefined) block.references++;
  }

  /** Undoes one `hold`. */
  unhold(values: Float32Array): void {
    const block = this.#pool.blockOf(values);
    if (block !== undefined) this.#pool.release(block);
  }

  /** The work a tensor still waits for, if it does. */
  deferred(info: TensorInfo): DeferredResult | undefined {
    return this.data.get(info.dataId).deferred;
  }

  /** Whether a tensor's numbers lie in memory of this backend, which no user can change, or are work that will put them there. */
  isOurs(info: TensorInfo): boolean {
    const { block, deferred } = this.data.get(info.dataId);
    return block !== undefined || deferred !== undefined;
  }

  /** Whether writing into this tensor's memory would be seen by no other tensor and no user array. */
  isUnshared(dataId: DataId): boolean {
    const { block, refCount } = this.data.get(dataId);
    return refCount === 1 && block?.references === 1;
  }

  /** The numbers of a tensor, not copied. Some cpu kernels leave another array type behind than the dtype says: converted here. */
  values<D extends NumericDType = 'float32'>(info: TensorInfo): ValuesOf<D> {
    const storage = this.data.get(info.dataId);
    const Values = arrayTypes[storage.dtype as NumericDType];
    if (!(storage.values instanceof Values)) storage.values = new Values(storage.values as TypedArray);
    return storage.values as ValuesOf<D>;
  }

  /** The same numbers under another shape; the bucket is shared. */
  share(info: TensorInfo, shape: readonly number[] = info.shape): TensorInfo {
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape: [...shape], dtype: info.dtype };
  }

  makeTensorInfo(shape: number[], dtype: DataType, values?: backend_util.BackendValues | string[]): TensorInfo {
    const isText =
      dtype === 'string' && values !== undefined && values.length > 0 && util.isString(values[0] as string);
    const stored = isText ? (values as string[]).map((text) => util.encodeString(text)) : values;
    return { dataId: this.write(stored as backend_util.BackendValues, shape, dtype), shape, dtype };
  }

  makeOutput<T extends Tensor>(values: backend_util.BackendValues, shape: number[], dtype: DataType): T {
    return engine().makeTensorFromTensorInfo(this.makeTensorInfo(shape, dtype, values), this) as T;
  }

  disposeIntermediateTensorInfo(info: TensorInfo): void {
    this.disposeData(info.dataId);
  }

  bufferSync<R extends Rank, D extends DataType>(info: TensorInfo): TensorBuffer<R, D> {
    const shape = info.shape as ShapeMap[R];
    const values = this.#stored(info.dataId);
    if (info.dtype !== 'string') return buffer(shape, info.dtype, values as TypedArray) as TensorBuffer<R, D>;
    const texts = (values as Uint8Array[]).map((bytes) => util.decodeString(bytes));
    return buffer(shape, info.dtype, texts) as TensorBuffer<R, D>;
  }

  where(condition: Tensor): Tensor2D {
    return kernel_impls.whereImpl(condition.shape, this.values<'bool'>(condition));
  }

  // — for tfjs —

  override write(values: backend_util.BackendValues, _shape: number[], dtype: DataType): DataId {
    const dataId = {};
    this.#store(dataId, values, dtype, 1);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: backend_util.BackendValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    if (dtype !== 'complex64') {
      this.#store(dataId, values, dtype, refCount);
      return;
    }
    const { real, imag } = backend_util.splitRealAndImagArrays(values as Float32Array);
    this.#store(dataId, undefined, dtype, refCount);
    this.data.get(dataId).complexTensorInfos = {
      real: this.makeTensorInfo(shape, 'float32', real),
      imag: this.makeTensorInfo(shape, 'float32', imag),
    };
  }

  override async read(dataId: DataId): Promise<backend_util.BackendValues> {
    return this.readSync(dataId);
  }

  override readSync(dataId: DataId): backend_util.BackendValues {
    const values = this.#stored(dataId);
    return this.data.get(dataId).block === undefined ? values : (values as NumericValues).slice();
  }

  override numDataIds(): number {
    return this.data.numDataIds();
  }

  override refCount(dataId: DataId): number {
    return this.data.has(dataId) ? this.data.get(dataId).refCount : 0;
  }

  override incRef(dataId: DataId): void {
    this.data.get(dataId).refCount++;
  }

  decRef(dataId: DataId): void {
    if (this.data.has(dataId)) this.data.get(dataId).refCount--;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const storage = this.data.get(dataId);
    storage.refCount--;
    if (!force && storage.refCount > 0) return false;
    if (storage.complexTensorInfos !== undefined) {
      this.disposeData(storage.complexTensorInfos.real.dataId, true);
      this.disposeData(storage.complexTensorInfos.imag.dataId, true);
    }
    this.data.delete(dataId);
    storage.deferred?.release();
    if (storage.block !== undefined) this.#pool.release(storage.block);
    return true;
  }

  override async time(run: () => void): Promise<BackendTimingInfo> {
    const start = util.now();
    run();
    return { kernelMs: util.now() - start };
  }

  override timerAvailable(): boolean {
    return true;
  }

  /** Byte counts of tfjs itself are exact here; the two extra numbers say what the pool holds beyond them. */
  override memory(): { unreliable: boolean; numBytesInBlocks: number; numBytesFree: number } {
    const { lent, free } = this.#pool.usage();
    return { unreliable: false, numBytesInBlocks: lent, numBytesFree: free };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override dispose(): void {
    this.#pool.clear();
  }

  // — internals —

  #addBucket(shape: readonly number[], storage: TensorStorage): TensorInfo {
    const dataId = {};
    this.data.set(dataId, storage);
    return { dataId, shape: [...shape], dtype: storage.dtype };
  }

  #store(dataId: DataId, values: backend_util.BackendValues | undefined, dtype: DataType, refCount: number): void {
    const block = ArrayBuffer.isView(values) ? this.#pool.blockOf(values) : undefined;
    if (block !== undefined) block.references++;
    this.data.set(dataId, new TensorStorage(dtype, refCount, { values, block }));
  }

  /** What a bucket holds, as tfjs wants to read it; pooled memory is not copied. */
  #stored(dataId: DataId): backend_util.BackendValues {
    const { values, dtype, complexTensorInfos } = this.data.get(dataId);
    if (complexTensorInfos !== undefined) {
      const real = this.#stored(complexTensorInfos.real.dataId) as Float32Array;
      const imag = this.#stored(complexTensorInfos.imag.dataId) as Float32Array;
      return backend_util.mergeRealAndImagArrays(real, imag);
    }
    return util.convertBackendValuesAndArrayBuffer(values as backend_util.BackendValues, dtype);
  }
}

/** Called by tfjs for a bucket that is not here: it belongs to a tensor of another backend, or to none any more. */
function moveFromOtherBackend(backend: KernelBackend, dataId: DataId): void {
  if (!engine().state.tensorInfo.has(dataId)) {
    throw new InvalidArgumentError({
      operation: '[tfjs-backend] read',
      expected: 'a tensor that exists',
      received: 'one that was disposed',
      hint: 'Keep it with tf.keep(), or return it from tf.tidy().',
    });
  }
  engine().moveData(backend, dataId);
}
