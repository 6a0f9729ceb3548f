import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { contestant, type Reply } from './contestant';

const workers: ChildProcess[] = [];

/** A process that says its version and then does what `then` says, and the contestant it makes. */
async function start(then: string) {
  const script = `console.log(JSON.stringify({ version: 'test 1' })); ${then}`;
  const worker = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'pipe'] });
  workers.push(worker);
  const found = await contestant('pytorch', worker, {
    send: (request) => worker.stdin.write(`${JSON.stringify(request)}\n`),
    listen: (answer) => createInterface(worker.stdout).on('line', (line) => answer(JSON.parse(line) as Reply)),
  });
  return { worker, found };
}

afterEach(() => {
  for (const worker of workers.splice(0)) worker.kill();
});

describe('contestant', () => {
  it('answers requests with what its process says', async () => {
    const { found } = await start(`process.stdin.on('data', () => console.log('{"times":[1,2]}'))`);
    expect(found.version).toBe('test 1');
    expect(await found.turn(1)).toEqual([1, 2]);
    expect(await found.prepare('any')).toBe(false);
  });

  it('fails the request its process ends in', async () => {
    const { found } = await start(`process.stdin.on('data', () => process.exit(3))`);
    await expect(found.turn(1)).rejects.toThrow(/pytorch ended with 3/);
  });

  it('fails requests after the end of its process', async () => {
    const { worker, found } = await start('setTimeout(() => process.exit(4), 10)');
    await once(worker, 'exit');
    await expect(found.turn(1)).rejects.toThrow(/pytorch ended with 4/);
    await expect(found.prepare('any')).rejects.toThrow(/pytorch ended with 4/);
  });

  it('fails requests that cannot be written', async () => {
    const { worker, found } = await start('setTimeout(() => undefined, 60_000)');
    const answer = found.turn(1);
    worker.stdin.destroy(new Error('broken pipe'));
    await expect(answer).rejects.toThrow(/pytorch does not listen \(broken pipe\)/);
    await expect(found.turn(1)).rejects.toThrow(/pytorch does not listen/);
  });
});
