import { Command } from 'commander';

/** What can be measured; loaded only when asked for. */
const suites: Readonly<Record<string, () => Promise<Command>>> = {
  kernels: async () => (await import('./kernels/command')).kernelsCommand(),
  tfjs: async () => (await import('./tfjs/command')).tfjsCommand(),
  qat: async () => (await import('./qat/command')).qatCommand(),
  export: async () => (await import('./export/command')).exportCommand(),
  tflite: async () => (await import('./tflite/command')).tfliteCommand(),
};

const name = process.argv[2] ?? '';
const load = Object.hasOwn(suites, name) ? suites[name] : undefined;
if (load === undefined) {
  process.stderr.write(`usage: npm run bench -- <${Object.keys(suites).join(' | ')}> [options]\n`);
  process.exitCode = 2;
} else {
  const program = new Command('bench').enablePositionalOptions().addCommand(await load());
  await program.parseAsync();
}
