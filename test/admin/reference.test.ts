import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from '@jest/globals';
import { unboundRoutes } from '../../src/compose-administration.ts';
import { openApiDocument } from '../../src/http/admin/openapi.ts';

type Tree = Record<string, unknown>;
interface Operation extends Tree {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Tree;
  readonly security: readonly { readonly drawbridge: readonly string[] }[];
}

const routes = unboundRoutes();
const document = JSON.parse(readFileSync(fileURLToPath(new URL('../../../docs/admin-api.json', import.meta.url)), 'utf8')) as {
  readonly paths: Record<string, Record<string, Operation>>;
} & Tree;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

const judge = async (tree: unknown) => (await new Validator().validate(structuredClone(tree) as Tree)).errors;

describe('docs/admin-api.json', () => {
  it('is valid OpenAPI 3.1, which a broken one is not', async () => {
    expect(document['openapi']).toMatch(/^3\.1\./);
    expect(await judge(document)).toBeUndefined();
    const [first] = operations;
    const broken = structuredClone(document);
    (broken.paths[first?.path ?? ''] as Tree)[first?.method ?? ''] = { ...first?.operation, parameters: [{ name: 'x', in: 'nowhere' }] };
    expect(await judge(broken)).toBeDefined();
  });

  it('has every route, and no other', () => {
    const there = operations.map(({ path, method }) => `${method} ${path}`).sort();
    expect(there).toEqual(routes.map(({ contract }) => `${contract.method} ${contract.path}`).sort());
    expect(there.length).toBeGreaterThan(15);
    expect(JSON.parse(JSON.stringify(openApiDocument(routes)))).toEqual(document);
  });

  it.each(operations.map((each) => [`${each.method} ${each.path}`, each] as const))(
    '%s is complete',
    (_name, { path, method, operation }) => {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
      const declared = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(declared.map(({ name }) => name).sort()).toEqual(inPath.sort());
      expect(declared.every(({ required }) => required)).toBe(true);
      expect(operation.security).toEqual([{ drawbridge: [method === 'get' ? 'admin:read' : 'admin:write'] }]);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['400', '401', '403', '503']));
      expect(Object.keys(operation.responses).some((status) => status.startsWith('2'))).toBe(true);
    },
  );

  it('calls every operation by a name of its own', () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
  });
});
