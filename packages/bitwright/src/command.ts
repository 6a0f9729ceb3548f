import type { Context } from './context';
import { commonOptions } from './options/common-options';
import type { OptionTable, OptionValues } from './options/option-table';

/** What a command gets to work with. */
export interface CommandInput<Table extends OptionTable> {
  /** Positional arguments. */
  readonly args: readonly string[];
  readonly options: OptionValues<Table & typeof commonOptions>;
  /** The config file in use. */
  readonly configPath: string | undefined;
  readonly context: Context;
}

/** One command: a value in its own file under commands/, listed in commands/index.ts. */
export interface CommandDefinition<Table extends OptionTable> {
  readonly name: string;
  /** One line in the list of commands. */
  readonly summary: string;
  readonly description: string;
  /** Positional arguments, as the help prints them: `<model>`. */
  readonly args: readonly { readonly name: string; readonly description: string }[];
  /** Options of its own; every command has the common ones too. */
  readonly options: Table;
  /** Command lines for the end of the help. */
  readonly examples: readonly string[];
  /**
   * Does the work and prints the result.
   *
   * @returns the exit code
   * @throws errors of any kind; the caller prints them
   */
  run(input: CommandInput<Table>): Promise<number>;
}

/** A command of any options, as the program keeps it. */
export type AnyCommand = CommandDefinition<OptionTable>;

/** Forgets the exact option types: the program hands every command values of the command's own table. */
export function anyCommand<Table extends OptionTable>(definition: CommandDefinition<Table>): AnyCommand {
  return definition as unknown as AnyCommand;
}

/** Options of a command: its own, then the common ones. */
export function allOptions(definition: AnyCommand): OptionTable & typeof commonOptions {
  return { ...definition.options, ...commonOptions };
}
