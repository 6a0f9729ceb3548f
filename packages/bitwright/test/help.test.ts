import { exporters, findExporter } from '@bitwright/export';
import { rangeSelectorNames } from '@bitwright/ptq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allOptions } from '../src/command';
import { commands } from '../src/commands';
import { exportOptions } from '../src/commands/export-options';
import { longFlag } from '../src/options/option-table';
import { createWorkplace, type Workplace } from './command-line';

let place: Workplace;

beforeEach(() => {
  place = createWorkplace();
});

afterEach(() => place.remove());

async function help(...command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await place.run([...command, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('help', () => {
  it('lists every command with its summary', async () => {
    const text = (await help()).replace(/\s+/g, ' ');
    for (const { name, summary } of commands) {
      expect(text).toContain(` ${name} `);
      expect(text).toContain(summary);
    }
  });

  it.each(commands.map((command) => [command.name, command] as const))(
    'of %s has every option once, in lines of a terminal’s width',
    async (name, command) => {
      const text = await help(name);
      for (const { flags } of Object.values(allOptions(command))) {
        expect(text.split(`${flags} `).length, flags).toBe(2);
      }
      const table = text.slice(0, text.indexOf('Examples:')).split('\n');
      expect(table.filter((line) => line.length > 100)).toEqual([]);
    },
  );

  it('shows examples whose commands and options there are', () => {
    for (const example of commands.flatMap(({ examples }) => examples)) {
      const [program, name, ...words] = example.split(' ');
      const command = commands.find((each) => each.name === name);
      expect(program).toBe('bitwright');
      const known = Object.values(command === undefined ? {} : allOptions(command)).flatMap(({ flags }) => [
        longFlag(flags),
        ...flags.split(/[ ,]+/).filter((part) => /^-\w$/.test(part)),
      ]);
      const given = words.filter((word) => word.startsWith('-'));
      expect(known, example).toEqual(expect.arrayContaining(given));
    }
  });

  it('offers calibrate what decides statistics, and nothing that comes later', async () => {
    const text = await help('calibrate');
    expect(text).toContain('--equalize');
    for (const flag of ['--to', '--io', '--format-version', '--rounding', '--output']) {
      expect(text).not.toContain(`${flag} `);
    }
  });

  it('names all range selectors, and a name for every format', async () => {
    const text = (await help('quantize')).replace(/\s+/g, ' ');
    for (const name of rangeSelectorNames) expect(text).toContain(name);
    const [, names = ''] = /: (.*)$/.exec(exportOptions.to.description) ?? [];
    expect(new Set(names.split(', ').map((name) => findExporter(name).id))).toEqual(
      new Set(exporters.map(({ id }) => id)),
    );
  });
});
