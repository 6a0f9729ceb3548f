export { type ExternalData, type ExternalDataOptions, openExternalData } from './external-data';
export { type ModelFile, type ReadModelOptions, readModelFile } from './read-model-file';
export { type WriteModelOptions, type WrittenModel, writeModelFile } from './write-model-file';
