import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/domain/secret.ts';
import { openLog } from '../../src/platform/pino-log.ts';
import type { LogFields } from '../../src/ports/log.ts';

function capture(isForPeople = false) {
  const lines: string[] = [];
  return { lines, log: openLog({ level: 'info', isForPeople, write: (line) => lines.push(line) }) };
}

const parsed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the log', () => {
  it('keeps the named fields and drops everything else', () => {
    const { lines, log } = capture();
    const smuggled = {
      status: 400,
      reason: 'state did not match',
      authorization: 'Bearer CNRYtoken',
      headers: { cookie: 'CNRYcookie' },
      body: 'CNRYbody',
      tenant: new Secret<'x'>('CNRYsecret'),
      user: { toJSON: () => 'CNRYobject' },
      route: '/callback/demo?code=CNRYcode',
      client_id: 'https://client.example/metadata?x=CNRYquery',
      error: Object.assign(new TypeError('CNRYmessage'), { code: 'ECONNREFUSED', config: 'CNRYconfig' }),
    };
    log.warn('login.refused', smuggled as unknown as LogFields);
    expect(parsed(lines)[0]).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      event: 'login.refused',
      status: 400,
      reason: 'state did not match',
      route: '/callback/demo',
      client_id: 'https://client.example/metadata',
      error: { name: 'TypeError', code: 'ECONNREFUSED' },
    });
    expect(lines.join('')).not.toContain('CNRY');
  });

  it.each([false, true])('writes one line whatever a value holds (for people: %s)', (isForPeople) => {
    const { lines, log } = capture(isForPeople);
    log.info('sign-in\nforged', { reason: 'one\r\ntwo \u001b[31m red' });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toMatch(/[\r\n\u001b]/);
    expect(lines[0]).toContain('two');
  });

  it('makes logs whose lines carry more, each its own', async () => {
    const { lines, log } = capture();
    const request = async (requestId: string) => {
      const mine = log.with({ requestId }).with({ route: '/token' });
      await wait(5);
      mine.info('request', { status: 200 });
    };
    await Promise.all([request('a'), request('b')]);
    log.info('outside');
    expect(parsed(lines).map(({ requestId, route }) => [requestId, route])).toEqual([
      ['a', '/token'],
      ['b', '/token'],
      [undefined, undefined],
    ]);
  });

  it('keeps quiet below its level', () => {
    const lines: string[] = [];
    const log = openLog({ level: 'warn', isForPeople: false, write: (line) => lines.push(line) });
    log.info('unheard');
    log.error('heard');
    expect(parsed(lines).map(({ event }) => event)).toEqual(['heard']);
  });

  it('reads well to a person', () => {
    const { lines, log } = capture(true);
    log.info('request', { method: 'GET', route: '/token', status: 200, ms: 12, reason: 'two words' });
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}request method=GET route=\/token status=200 ms=12 reason="two words"\n$/);
  });
});

describe('a log to a file descriptor', () => {
  const module = new URL('../../src/platform/pino-log.js', import.meta.url).href;

  /** What a process that logs on stderr leaves there. */
  const saidBy = (work: string): Promise<string[]> =>
    new Promise((resolve) => {
      const script = `const { openLog } = await import('${module}'); const log = openLog({ level: 'info', isForPeople: false }); ${work}`;
      execFile(process.execPath, ['--input-type=module', '-e', script], (_problem, _stdout, stderr) => {
        const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
        resolve(lines.map((line) => (JSON.parse(line) as { event: string }).event));
      });
    });

  it('loses nothing when the process ends by itself', async () => {
    expect(await saidBy(`log.info('first'); log.info('last'); process.exit(0);`)).toEqual(['first', 'last']);
  });

  it('has what is wrong, and all before it, though the process is killed a moment later; what is ordinary waits for company', async () => {
    const killed = `setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);`;
    expect(await saidBy(`log.info('ordinary'); log.warn('wrong'); ${killed}`)).toEqual(['ordinary', 'wrong']);
    expect(await saidBy(`log.info('ordinary'); ${killed}`)).toEqual([]);
  });
});
