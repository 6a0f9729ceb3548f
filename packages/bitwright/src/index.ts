// The command, callable from a program
// Config files
export { type Config, defineConfig } from './config/config';
export type { Context, Dependencies, OutputStream } from './context';
export { exitCode } from './exit-code';
export { main } from './main';
export { run } from './run';
