export { fileSystem } from './file-system-handler';
