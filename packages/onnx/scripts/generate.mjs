// Writes src/generated/onnx_pb.ts from proto/onnx.proto. Run it after editing the schema:
//
//   node packages/onnx/scripts/generate.mjs
//
// It needs the two dev dependencies of the repository root, @bufbuild/buf and @bufbuild/protoc-gen-es, and no network.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const binaries = join(packageFolder, '..', '..', 'node_modules', '.bin');
const result = spawnSync('buf', ['generate'], {
  cwd: packageFolder,
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}` },
});
if (result.error !== undefined) {
  console.error(`buf did not start: ${result.error.message}`);
}
process.exitCode = result.status ?? 1;
