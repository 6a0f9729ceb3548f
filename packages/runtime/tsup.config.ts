import { libraryConfig } from '../../tools/tsup/preset.ts';

export default libraryConfig({ index: 'src/index.ts', native: 'src/native/index.ts' });
