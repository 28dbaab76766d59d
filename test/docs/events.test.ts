import { describe, expect, it } from '@jest/globals';
import { loggable } from '../../src/platform/log-fields.ts';
import { namesInTable, read, sources } from './support.ts';

const product = sources.filter((path) => !path.startsWith('src/demo/')).map((path) => [path, read(path)] as const);
const operating = read('docs/operating.md');
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

/** The members of a union of texts, such as `type LoginRefusal = 'cancelled' | …`. */
function union(path: string, name: string): string[] {
  const text = new RegExp(`type ${name} = ([^;]+);`).exec(read(path))?.[1] ?? '';
  return [...text.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? '');
}

/** The first argument of every call of a log. */
function logged(): string[] {
  const call = /\b(?:log|scoped|logOf\([^()]*\))(?:\.(?:info|warn|error)|\[[^\]]+\])\(([^,()]+)/g;
  return product.flatMap(([, text]) => [...text.matchAll(call)].map((match) => (match[1] ?? '').trim()));
}

describe('the events an operator can meet', () => {
  const literal = /^'([a-z.-]+)'$/;
  const parts: Readonly<Record<string, readonly string[]>> = {
    '`login.${error.refusal}`': union('src/ports/connector.ts', 'LoginRefusal').map((refusal) => `login.${refusal}`),
    'refusal.kind': ['fault', 'unavailable'],
  };
  const calls = logged();
  const events = calls.flatMap((argument) => literal.exec(argument)?.[1] ?? parts[argument] ?? []);

  it('are found in the sources, those made of parts too', () => {
    expect(union('src/ports/connector.ts', 'LoginRefusal')).toHaveLength(5);
    for (const made of Object.keys(parts)) expect(calls).toContain(made);
    expect(events).toEqual(expect.arrayContaining(['request', 'page.refused', 'gateway.upstream-failed', 'store']));
  });

  it('have no name this test cannot read', () => {
    const strange = calls.filter((argument) => !literal.test(argument) && parts[argument] === undefined);
    // The adapter's own way of passing lines on.
    expect(strange.filter((argument) => argument !== 'line')).toEqual([]);
  });

  it('are the documented ones', () => {
    expect(sorted(namesInTable(operating, 'event'))).toEqual(sorted(events));
  });

  it('of the store are the documented ones', () => {
    const [, row = ''] = /^\| `store` +\|(.*)$/m.exec(operating) ?? [];
    const kinds = [...read('src/stores/sqlite/group-commit.ts').matchAll(/event: '(\w+)'/g)].map((match) => match[1] ?? '');
    expect(kinds).toContain('writerDied');
    for (const kind of kinds) expect(row).toContain(`\`${kind}\``);
  });

  it('of the audit are the documented ones', () => {
    const declared = [...read('src/domain/audit-event.ts').matchAll(/event: '([^']+)'/g)].map((match) => match[1] ?? '');
    expect(declared.length).toBeGreaterThan(5);
    expect(sorted(namesInTable(operating, 'audit event'))).toEqual(sorted(declared));
  });
});

describe('the fields of a line', () => {
  it('that are documented are let through, and every one the port offers is documented', () => {
    const documented = namesInTable(operating, 'field').filter((name) => !['event', 'level', 'time'].includes(name));
    const offered = [...read('src/ports/log.ts').matchAll(/readonly (\w+)\?:/g)].map((match) => match[1] ?? '');
    expect(sorted(documented)).toEqual(sorted(offered));
    const line = loggable(
      Object.fromEntries(documented.map((name) => [name, name === 'error' ? {} : name === 'ms' || name === 'status' ? 1 : 'x'])),
    );
    expect(sorted(Object.keys(line))).toEqual(sorted(documented));
  });
});
