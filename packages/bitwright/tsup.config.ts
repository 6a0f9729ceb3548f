import { libraryConfig } from '../../tools/tsup/preset.ts';

// Optional dependencies are found at run time: bundling them would hide whether they are there.
export default libraryConfig(
  { index: 'src/index.ts' },
  { platform: 'node', external: ['sharp', 'onnxruntime-node', 'echarts'] },
);
