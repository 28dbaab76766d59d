import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { grants, identities, transactions, users } from '../../src/stores/collections.ts';
import { wordsOf } from '../support/browser.ts';
import { answerOf, begin, expectStopped, linesOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { TwoIdps } from '../support/two-idps.ts';
import { countOf } from '../support/wire.ts';

const guarded = (config: Config): Config => ({
  ...config,
  connections: config.connections.map((connection) =>
    connection.id === 'alpha' && connection.type === 'oidc'
      ? { ...connection, tenantGuard: { claim: '/tenant', allowed: ['acme'] } }
      : connection,
  ),
});

let system: TwoIdps;
beforeAll(async () => {
  system = await startWithTwoIdps({ configure: guarded });
});
afterAll(() => system.close());
afterEach(() => {
  system.alpha.script = {};
});

const made = async () => ({
  identities: await countOf(system, identities),
  users: await countOf(system, users),
  grants: await countOf(system, grants),
});

const comesFrom = (tenant: unknown): void => {
  system.alpha.script = { claims: (claims) => ({ ...claims, tenant }) };
};

describe('an account of an organisation the connection is not for', () => {
  it.each([['another'], ['ACME'], [undefined], [['acme']]])('%j is told so, and nothing comes of it [S3.05] [S3.06]', async (tenant) => {
    const before = await made();
    comesFrom(tenant);
    const attempt = await begin(system, { beforeCallback: true });
    const page = await attempt.browser.get(await answerOf(attempt));
    expect(page.status).toBe(403);
    expectStopped(system, page, 'foreign-account', /tenant: \/tenant is (another|missing)/);
    expect(wordsOf(page.body)).toContain('This account belongs somewhere else');
    expect(wordsOf(page.body)).toContain('Alpha');
    expect(page.body).not.toMatch(/acme|person-1|ana@/i);
    expect(await made()).toEqual(before);
    expect((await system.engine.get(transactions, attempt.id))?.['stage']).toMatchObject({ at: 'stopped' });
    expect(
      linesOf(system)
        .filter(({ event }) => event === 'login.foreign')
        .at(-1),
    ).toMatchObject({ connection: 'alpha' });
  });

  it('is no hindrance to the next sign-in of the right one', async () => {
    comesFrom('acme');
    const attempt = await begin(system, { beforeCallback: true });
    const page = await attempt.browser.get(await answerOf(attempt));
    expect(page.url.href).toBe(`${system.issuer}${attempt.path}`);
    expect(page.body).toContain('Ana Anders');
  });
});
