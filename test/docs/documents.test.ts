import { describe, expect, it } from '@jest/globals';
import { join, posix } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigProblems } from '../../src/config/problems.ts';
import { directoryOf } from '../../src/config/directory.ts';
import { matchResource } from '../../src/domain/resource.ts';
import { anchorsOf, blocksOf, commandsOf, documents, exists, namesInTable, read, root, sources } from './support.ts';

const generated = (path: string) => read(path).startsWith('<!-- Generated');

describe('the README', () => {
  it('is short and begins with the two commands a person needs', () => {
    const readme = read('README.md');
    expect(readme.split('\n').length).toBeLessThan(150);
    const [start, add] = commandsOf('README.md');
    expect(start).toBe('npm start');
    expect(add).toBe('claude mcp add --transport http notes http://localhost:4000/mcp');
    expect(commandsOf('README.md')).toContain('npm start -- --config drawbridge.yaml');
  });

  it('names only npm scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = documents.flatMap((path) => [...read(path).matchAll(/npm (?:run )?(start|test|check|docs|build|format)\b/g)]);
    expect(named.length).toBeGreaterThan(5);
    for (const [, name = ''] of named) expect(Object.keys(scripts)).toContain(name);
  });

  it('lists the folders of src, each once', () => {
    const listed = namesInTable(read('README.md'), 'folder').filter((name) => name.startsWith('src/'));
    const there = new Set(sources.filter((path) => path.split('/').length > 2).map((path) => path.split('/').slice(0, 2).join('/')));
    expect([...listed].sort()).toEqual([...there].sort());
  });
});

describe('the configurations', () => {
  const secrets: Readonly<Record<string, string>> = {
    'drawbridge.key': Buffer.from('a key for trying documents only.').toString('base64url'),
    'corp.secret': 'a secret of a test',
  };
  const load = (text: string) =>
    loadConfig({
      file: 'drawbridge.yaml',
      env: {},
      readFile: (path) => (path === 'drawbridge.yaml' ? text : (secrets[posix.basename(path.replaceAll('\\', '/'))] ?? '')),
    });

  it('of the example loads, and says what its comments say', () => {
    const text = read('docs/example/drawbridge.yaml');
    const config = load(text);
    const directory = directoryOf(config);
    expect(matchResource(directory.resources, null)?.identifier).toBe('https://mcp.example.com/tickets');
    expect(text).toContain(`${config.issuer}/callback/${config.connections[0]?.id}`);
    expect(() => load(text.replace('issuer: https://mcp.example.com', 'issuer: http://mcp.example.com'))).toThrow(ConfigProblems);
  });

  it('of the README loads', () => {
    const [yaml] = blocksOf(read('README.md')).filter(({ language }) => language === 'yaml');
    expect(load(yaml?.text ?? '').resources[0]?.tools).toHaveProperty('search_tickets');
  });

  it('have no key that the reference does not list', () => {
    const reference = read('docs/configuration.md');
    const keys = [...read('docs/example/drawbridge.yaml').matchAll(/^[ -]*([A-Za-z_]+):/gm)].map((match) => match[1] ?? '');
    const tools = ['search_tickets', 'answer_ticket', 'delete_ticket'];
    const known = (key: string) => reference.includes(`${key.replace(/_file$/, '')}\``) || tools.includes(key);
    expect(keys.length).toBeGreaterThan(30);
    expect(keys.filter((key) => !known(key))).toEqual([]);
  });
});

describe('links between documents', () => {
  it.each(documents)('of %s lead somewhere', (path) => {
    const prose = read(path).replace(/^```[\s\S]*?^```$/gm, '');
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '').filter((target) => !/^https?:/.test(target));
    for (const target of targets) {
      const [file = '', anchor] = target.split('#');
      const to = file === '' ? path : posix.normalize(posix.join(posix.dirname(path), file));
      expect([target, exists(to)]).toEqual([target, true]);
      if (anchor !== undefined) expect([...anchorsOf(read(to))]).toContain(anchor);
    }
  });

  it('reach every document from the README', () => {
    const reached = new Set(['README.md']);
    for (const path of reached) {
      for (const [, target = ''] of read(path).matchAll(/\]\(([^)#\s]+\.md)/g)) {
        if (!target.startsWith('http')) reached.add(posix.normalize(posix.join(posix.dirname(path), target)));
      }
    }
    expect(documents.filter((path) => !reached.has(path))).toEqual([]);
  });
});

describe('what documents name', () => {
  it.each(documents.filter((path) => !generated(path)))('the files in %s are there', (path) => {
    const named = [...read(path).matchAll(/`((?:src|test|docs|scripts)\/[\w./-]+\.\w+)`/g)].map((match) => match[1] ?? '');
    expect(named.filter((file) => !exists(file))).toEqual([]);
  });

  it('the files and tests of the threat tables are there', () => {
    const rows = [...read('docs/threats.md').matchAll(/^\|[^|]*\|[^|]*\|([^|]*)\|([^|]*)\|$/gm)].slice(1);
    const files = rows.flatMap(([, where = '', tests = '']) => [
      ...[...where.matchAll(/`([^`]+)`/g)].map((match) => `src/${match[1]}`),
      ...[...tests.matchAll(/`([^`]+)`/g)].map((match) => `test/${match[1]}.test.ts`),
    ]);
    expect(files.length).toBeGreaterThan(90);
    expect(files.filter((file) => !exists(file))).toEqual([]);
  });

  it.each([...documents, 'docs/example/drawbridge.yaml'])('%s is about the product and nobody’s machine', (path) => {
    const text = read(path);
    expect(text).not.toMatch(/(^|[^\w&/])#\d+\b|\bissue \d+/);
    expect(text).not.toMatch(/\/(work|home|root|Users|tmp)\//);
    expect(text).not.toMatch(/\b(TODO|FIXME|for now|helper session)\b/i);
    expect(text).not.toContain(join(root, ''));
  });
});
