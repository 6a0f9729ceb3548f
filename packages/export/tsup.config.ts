import { libraryConfig } from '../../tools/tsup/preset.ts';

export default libraryConfig({ index: 'src/index.ts', testing: 'src/testing/index.ts' });
