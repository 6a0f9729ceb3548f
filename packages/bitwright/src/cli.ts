import { Command, Option } from 'commander';
import { type AnyCommand, allOptions } from './command';
import { commands } from './commands';
import { loadConfig } from './config/load-config';
import type { Context } from './context';
import { commonOptions } from './options/common-options';
import { environmentName, longFlag, type OptionSpec, type OptionTable } from './options/option-table';
import { resolveOptions } from './options/resolve-options';
import { useColour } from './terminal/colour';
import { version } from './version';

/** The exit code of the command that ran. */
export interface ProgramResult {
  exitCode: number;
}

/**
 * The argument parser with every command attached.
 *
 * @param result receives the exit code of the command
 * @throws (from `parseAsync`) CommanderError for help, version and wrong command lines; whatever a command throws
 */
export function createProgram(context: Context, result: ProgramResult): Command {
  const program = new Command('bitwright')
    .description('Makes neural networks small and fast: a float ONNX model in, a measured low-bit model out.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      getOutHelpWidth: () => context.stdout.columns ?? 100,
      getErrHelpWidth: () => context.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => useColour(context.stderr, context.env),
    })
    .showHelpAfterError('Run with --help for what can be given.');
  for (const command of commands) program.addCommand(createCommand(program, command, context, result));
  return program;
}

// — internals —

function createCommand(program: Command, definition: AnyCommand, context: Context, result: ProgramResult): Command {
  const command = new Command(definition.name)
    .copyInheritedSettings(program)
    .summary(definition.summary)
    .description(definition.description)
    .addHelpText('after', examplesText(definition));
  for (const argument of definition.args) command.argument(argument.name, argument.description);
  addOptions(command, allOptions(definition));
  command.addOption(
    new Option('--config <file>', 'config file (default: bitwright.config.ts, .mjs or .json in this folder)').helpGroup(
      'Configuration:',
    ),
  );
  command.addOption(new Option('--no-config', 'read no config file (they are code)').helpGroup('Configuration:'));
  return command.action(async (...received: unknown[]) => {
    const args = received
      .slice(0, definition.args.length)
      .flat()
      .filter((value): value is string => typeof value === 'string');
    const flags = givenFlags(command);
    const file = await loadConfig(flags['config'], definition, commands, context.cwd);
    const options = resolveOptions(allOptions(definition), flags, context.env, file);
    result.exitCode = await definition.run({ args, options, configPath: file?.path, context });
  });
}

function addOptions(command: Command, table: OptionTable): void {
  for (const [key, spec] of Object.entries(table)) {
    const option = new Option(spec.flags, spec.description);
    const isList = spec.kind === 'paths' || spec.kind === 'patterns' || spec.kind === 'shapes';
    if (isList) option.argParser((text: string, before?: readonly string[]) => [...(before ?? []), text]);
    if (spec.choices !== undefined) option.choices([...spec.choices]);
    if (spec.group !== undefined) option.helpGroup(spec.group);
    if (spec.shownDefault !== undefined) option.description += ` (default: ${spec.shownDefault})`;
    if (option.attributeName() !== key) throw new RangeError(`option ${spec.flags} must have the key ${key}`);
    command.addOption(option);
    if (spec.negation === undefined) continue;
    const negated = new Option(spec.flags.replace('--', '--no-'), spec.negation);
    command.addOption(spec.group === undefined ? negated : negated.helpGroup(spec.group));
  }
}

/** What stood on the command line, without the parser's own defaults. */
function givenFlags(command: Command): Record<string, unknown> {
  const all = Object.entries(command.opts());
  return Object.fromEntries(all.filter(([key]) => command.getOptionValueSource(key) === 'cli'));
}

/** What stands below the options: command lines, and where else options come from. */
function examplesText(definition: AnyCommand): string {
  const lines = definition.examples.map((example) => `  $ ${example}`);
  const table: readonly (readonly [string, OptionSpec])[] = Object.entries(allOptions(definition));
  const flagOnly = table.flatMap(([, spec]) => (spec.isFlagOnly === true ? [longFlag(spec.flags)] : []));
  const [key, shared] = table.find(([, spec]) => spec.isFlagOnly !== true) ?? ['quiet', commonOptions.quiet];
  return [
    '\nExamples:',
    ...lines,
    '',
    `Options can also come from the environment (${longFlag(shared.flags)}: ${environmentName(key)}) or a config file;`,
    'a flag wins over the environment, and that over the file. Only on the command line:',
    `${flagOnly.join(', ')}.\n`,
  ].join('\n');
}
