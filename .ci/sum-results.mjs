// Adds up a vitest JSON report and prints `passed failed`. A file that could not be loaded is one failure.
import { existsSync, readFileSync } from 'node:fs';

const [path] = process.argv.slice(2);
let passed = 0;
let failed = 0;
if (path !== undefined && existsSync(path)) {
  for (const file of JSON.parse(readFileSync(path, 'utf8')).testResults) {
    const failures = file.assertionResults.filter((test) => test.status === 'failed').length;
    passed += file.assertionResults.filter((test) => test.status === 'passed').length;
    failed += failures === 0 && file.status === 'failed' ? 1 : failures;
  }
}
process.stdout.write(`${passed} ${failed}\n`);
