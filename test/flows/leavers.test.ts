import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { identityKey } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { readRefreshToken } from '../../src/domain/token-format.ts';
import { endUpstreamSession } from '../../src/flows/end-upstream-session.ts';
import { refreshTokens } from '../../src/flows/refresh-tokens.ts';
import type { IssuedTokens } from '../../src/flows/steps/issue-tokens.ts';
import type { Rechecked } from '../../src/ports/connector.ts';
import { upstreamSessions } from '../../src/stores/collections.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { alice, approve, asked, browser, grant_types, openFlowWorld, redeem, refresh, registered, signIn } from '../support/flow-world.ts';

const minute = 60_000;
const askedEvery = (config: Config): Config => ({
  ...config,
  connections: config.connections.map((each) => ({ ...each, recheck: { afterSeconds: 900, graceSeconds: 3600 } })),
});
const refused = (error: string) => expect.objectContaining({ name: 'TokenRefusal', error });
type Stands = Extract<Rechecked, { answer: 'stands' }>;
const stands = (token: string, more: Partial<Stands> = {}): Stands => ({
  answer: 'stands',
  refresh_token: new Secret(token),
  groups: ['eng'],
  said: [],
  leavesOut: [],
  ...more,
});
const silent = expect.objectContaining({ name: 'UpstreamUnanswered' });

let world: FlowWorld;
/** What the upstream was asked with, in order. */
let shown: string[];
let says: (token: string) => Rechecked | Promise<Rechecked>;

/** Alice as an upstream vouches for her that gives refresh tokens and names sessions. */
const ana = (token: string | null = 'up-1', sid: string | null = 'sid-1') =>
  alice({ session: { refresh_token: token === null ? null : new Secret<'upstream_token'>(token), sid } });

beforeEach(async () => {
  world = await openFlowWorld({ configure: askedEvery });
  shown = [];
  says = (token) => stands(`${token}+`);
  Object.assign(world.connector, {
    recheck: async (token: Secret<'upstream_token'>) => {
      shown.push(token.reveal());
      return says(token.reveal());
    },
  });
});
afterEach(() => world.close());

const answering = (answer: Exclude<Rechecked['answer'], 'stands'>) => () => ({ answer, reason: 'as told' }) as const;

async function begin(who = ana(), options: Parameters<typeof approve>[1] = {}) {
  const approved = await approve(world, { says: who, ...options });
  return { client_id: approved.client_id, tokens: await redeem(world, approved) };
}
type Begun = Awaited<ReturnType<typeof begin>>;

const renew = ({ client_id, tokens }: Begun) => refresh(world, client_id, tokens);
const grantOf = async ({ tokens }: { tokens: IssuedTokens }) =>
  world.grants.get(readRefreshToken(tokens.refresh_token?.reveal() ?? '', world.sealing.mac)?.grantId ?? ('' as never));

describe('a person behind a grant', () => {
  it('is asked after when the upstream’s last word is older than the connection allows, with the token it gave last [Q-ANY-20] [Q-ANY-22] [Q-ANY-24]', async () => {
    const begun = await begin();
    world.clock.advance(15 * minute - 1);
    let tokens = await renew(begun);
    expect(shown).toEqual([]);
    world.clock.advance(1);
    tokens = await refresh(world, begun.client_id, tokens);
    expect(shown).toEqual(['up-1']);
    tokens = await refresh(world, begun.client_id, tokens);
    expect(shown).toEqual(['up-1']);
    world.clock.advance(15 * minute);
    await refresh(world, begun.client_id, tokens);
    expect(shown).toEqual(['up-1', 'up-1+']);
    const [row] = await world.engine.page(upstreamSessions);
    expect(JSON.stringify(row)).not.toContain('up-1');
  });

  it.each(['over', 'must-sign-in'] as const)(
    'who is %s there loses every grant that came through it, and nothing else [Q-LEAVE-01] [Q-LEAVE-02]',
    async (answer) => {
      const [here, too] = [await begin(), await begin()];
      const other = await begin(alice({ subject: 'demo-9', session: { refresh_token: new Secret('up-9'), sid: null } }));
      world.clock.advance(15 * minute);
      says = (token) => (token === 'up-9' ? stands(token) : answering(answer)());
      await expect(renew(here)).rejects.toEqual(refused('invalid_grant'));
      for (const begun of [here, too]) {
        const grant = await grantOf(begun);
        expect(grant).toMatchObject({ stage: 'ended' });
        expect(await world.authority.standing(grant?.id ?? ('' as never))).toBeNull();
      }
      expect(world.events.filter(({ event }) => event === 'grant.ended')).toHaveLength(2);
      await expect(renew(too)).rejects.toEqual(refused('invalid_grant'));
      expect(shown).toEqual(['up-1']);
      await renew(other);
      // Another sign-in is another word of the upstream.
      const again = await begin(ana('up-2'));
      await renew(again);
    },
  );

  it.each(['unanswered', 'misconfigured'] as const)(
    'who could not be asked after (%s) goes on for the grace, then waits, and loses nothing [Q-LEAVE-03] [Q-LEAVE-10]',
    async (answer) => {
      const begun = await begin();
      world.clock.advance(15 * minute);
      says = answering(answer);
      let tokens = await renew(begun);
      await refresh(world, begun.client_id, tokens);
      expect(shown).toHaveLength(1);
      world.clock.advance(21_000);
      tokens = await refresh(world, begun.client_id, tokens);
      expect(shown).toHaveLength(2);
      world.clock.advance(60 * minute - 21_000);
      await expect(refresh(world, begun.client_id, tokens)).rejects.toEqual(silent);
      expect(await grantOf({ tokens })).toMatchObject({ stage: 'live' });
      expect(world.events.some(({ event }) => event === 'grant.ended')).toBe(false);
      says = (token) => stands(token);
      world.clock.advance(21_000);
      expect((await refresh(world, begun.client_id, tokens)).scope).toBe('read write');
    },
  );

  it('who is refused there without a word goes on for the grace, and then has to sign in instead of waiting for nothing [Q-LEAVE-05]', async () => {
    const begun = await begin();
    world.clock.advance(15 * minute);
    says = answering('unexplained');
    const tokens = await renew(begun);
    expect((await grantOf({ tokens }))?.stage).toBe('live');
    // One that was seen since is none of it.
    const later = await begin(alice({ subject: 'demo-9', session: { refresh_token: new Secret('up-9'), sid: null } }));
    world.clock.advance(60 * minute - 1);
    await refresh(world, begun.client_id, tokens);
    world.clock.advance(21_000);
    await expect(refresh(world, begun.client_id, tokens)).rejects.toEqual(refused('invalid_grant'));
    expect(await grantOf({ tokens })).toMatchObject({ stage: 'ended' });
    expect(world.events.filter(({ event }) => event === 'grant.ended')).toHaveLength(1);
    expect((await renew(later)).scope).toBe('read write');
    await renew(await begin(ana('up-2')));
  });

  it('is asked after once, however many grants and instances want to know at the same time [Q-ANY-21]', async () => {
    const begun: Begun[] = [];
    for (let count = 0; count < 6; count += 1) begun.push(await begin());
    const [one, other] = [refreshTokens(world), refreshTokens(world)];
    for (let round = 0; round < 20; round += 1) {
      world.clock.advance(15 * minute);
      shown.length = 0;
      says = async (token) => {
        await new Promise((resolve) => setTimeout(resolve, round % 5));
        return stands(token);
      };
      const tokens = await Promise.all(
        begun.map(({ client_id, tokens: { refresh_token } }, index) =>
          (index % 2 === 0 ? one : other)({
            client: { client_id, grant_types },
            refresh_token: refresh_token?.reveal() ?? '',
            scope: null,
            resource: null,
          }),
        ),
      );
      begun.forEach((each, index) => (each.tokens = tokens[index] ?? each.tokens));
      expect(shown).toHaveLength(1);
    }
  });

  it('who has signed in while the old session was being asked about stays, whatever is said of that one', async () => {
    const begun = await begin();
    world.clock.advance(15 * minute);
    says = async () => {
      await begin(ana('up-2', 'sid-2'));
      return answering('over')();
    };
    expect((await renew(begun)).scope).toBe('read write');
    says = (token) => stands(token);
    world.clock.advance(15 * minute);
    await renew(await begin(ana('up-3')));
    expect((await grantOf(begun))?.stage).toBe('live');
  });

  it('who lost a group has lost its role in the very token that is being renewed; groups nobody can tell change nothing [Q-ANY-23]', async () => {
    const begun = await begin();
    world.clock.advance(15 * minute);
    says = (token) => stands(token, { groups: null });
    const same = await renew(begun);
    expect(same.scope).toBe('read write');
    world.clock.advance(15 * minute);
    says = (token) => stands(token, { groups: [] });
    await expect(refresh(world, begun.client_id, same)).rejects.toEqual(refused('invalid_grant'));
    expect(await world.memberships.ofUser((await grantOf(begun))?.userId ?? ('' as never))).toEqual([]);
  });

  it('whose upstream gave nothing to ask with signs in again after the grace, and is told so instead of waiting [Q-LEAVE-11]', async () => {
    const begun = await begin(ana(null));
    world.clock.advance(74 * minute);
    const tokens = await renew(begun);
    world.clock.advance(minute);
    await expect(refresh(world, begun.client_id, tokens)).rejects.toEqual(refused('invalid_grant'));
    expect(shown).toEqual([]);
  });
});

describe('an upstream that says a session is over', () => {
  const signOut = (more: object = {}) =>
    endUpstreamSession(world)({
      connectionId: world.connector.id,
      issuer: alice().issuer,
      subject: alice().subject,
      sid: null,
      jti: 'j1',
      log: world.log,
      ...more,
    });

  it('ends every grant of the person, or those of the one session it names', async () => {
    const [first, second] = [await begin(ana('up-1', 'sid-1')), await begin(ana('up-2', 'sid-2'))];
    expect(await signOut({ subject: null, sid: 'sid-1' })).toBe(1);
    expect([(await grantOf(first))?.stage, (await grantOf(second))?.stage]).toEqual(['ended', 'live']);
    expect(await signOut({ sid: 'sid-9', jti: 'j2' })).toBe(0);
    expect(await signOut({ jti: 'j3' })).toBe(1);
    expect((await grantOf(second))?.stage).toBe('ended');
    expect(await world.upstreamSessions.get(identityKey(alice()))).toMatchObject({ stands: false, sealed: null });
  });

  it('ends them once, and leaves alone who has signed in since the signal came first', async () => {
    const before = await begin();
    expect(await signOut()).toBe(1);
    world.clock.advance(minute);
    const after = await begin(ana('up-2'));
    // Delivered again, as upstreams do whose first try seemed lost.
    expect(await signOut()).toBe(0);
    expect([(await grantOf(before))?.stage, (await grantOf(after))?.stage]).toEqual(['ended', 'live']);
    expect(await world.upstreamSessions.get(identityKey(alice()))).toMatchObject({ stands: true });
    await renew(after);
  });

  it('says nothing of somebody with the same subject at another issuer', async () => {
    const begun = await begin();
    expect(await signOut({ issuer: 'https://other.example' })).toBe(0);
    expect((await grantOf(begun))?.stage).toBe('live');
  });

  it('keeps whoever stands before the consent page from approving', async () => {
    await begin();
    const id = await world.flows.begin(asked(registered(world)), browser);
    await signIn(world, id, ana('up-2'));
    await signOut();
    const approval = world.flows.consent(id, browser, { decision: 'approve', tenant: 'acme', scope: ['read'] });
    await expect(approval).rejects.toEqual(expect.objectContaining({ name: 'PageRefusal', kind: 'expired' }));
  });
});
