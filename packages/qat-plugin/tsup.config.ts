import { libraryConfig } from '../../tools/tsup/preset.ts';

export default libraryConfig({ index: 'src/index.ts', node: 'src/node/index.ts' }, { platform: 'node' });
