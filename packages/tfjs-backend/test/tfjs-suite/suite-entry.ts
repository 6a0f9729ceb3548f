/**
 * Runs TensorFlow.js' own specs on one backend and writes what came out of each: `node bundle.mjs BACKEND OUTPUT.json [ISA]`.
 * `bundle-suite.ts` bundles this file with the module sources of tfjs-core, because the specs reach into them.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { argv } from 'node:process';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { useNativeBackend } from '../../src/use-native-backend';
import type { SpecOutcome } from './spec-outcome';

interface SpecResult {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { readonly message: string }[];
}
interface JasmineEnvironment {
  addReporter(reporter: { specDone(result: SpecResult): void }): void;
  configure(options: { random: boolean }): void;
  execute(): Promise<unknown>;
}

const [, , backendName = '', outputFile = '', isa] = argv;
const { boot } = createRequire(import.meta.url)('jasmine-core') as { boot(): { getEnv(): JasmineEnvironment } };
const environment = boot().getEnv();
const outcomes: SpecOutcome[] = [];
environment.configure({ random: false });
environment.addReporter({
  specDone: ({ fullName, status, failedExpectations }) => {
    outcomes.push({ name: fullName, status, messages: failedExpectations.map(({ message }) => message) });
  },
});
if (backendName !== 'cpu') await useNativeBackend({ isa });
setTestEnvs([{ name: 'test', backendName, isDataSync: true }]);
await import('@tensorflow/tfjs-core/dist/tests.js');
await environment.execute();
writeFileSync(outputFile, JSON.stringify(outcomes));
process.exit(0);
