import { libraryConfig } from '../../tools/tsup/preset.ts';

// Shims: import.meta.url also in CommonJS, where the loader looks for the addon from.
export default libraryConfig({ index: 'src/index.ts' }, { platform: 'node', shims: true });
