import { expect } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { assuranceFrom } from '../../src/domain/assurance.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import { identityKey } from '../../src/domain/identity.ts';
import { ConnectionId, UserId } from '../../src/domain/ids.ts';
import type { GrantId, TransactionId } from '../../src/domain/ids.ts';
import { codeOf } from '../../src/domain/token-format.ts';
import { beginLink } from '../../src/flows/begin-link.ts';
import { joinAccounts } from '../../src/flows/join-accounts.ts';
import type { LoginRefused } from '../../src/ports/connector.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { alice, asked, browser, openFlowWorld, redeem, registered, StubConnector } from './flow-world.ts';
import { hookEngine } from './slow-engine.ts';

export const [demo, other] = [ConnectionId.parse('demo'), ConnectionId.parse('other')];

/** The demonstration with another connection, whose people in support alone are in Initech, and people who may join their accounts. */
const configure = (config: Config): Config => ({
  ...config,
  linking: true,
  connections: config.connections.flatMap((connection) => [
    { ...connection, recheck: { afterSeconds: 900, graceSeconds: 3600 } },
    { ...connection, id: other, name: 'Other Company', recheck: { afterSeconds: 900, graceSeconds: 3600 } },
  ]),
  tenants: config.tenants.map((tenant) => ({
    ...tenant,
    rules: tenant.rules.map((rule) => (tenant.id === 'initech' ? { ...rule, connection: other } : rule)),
  })),
});

const changes = new Set(['insert', 'updateIf', 'delete']);

/** Flows of people who have an account at each of two connections. */
export async function openLinkingLab() {
  const faults = {
    /** At most so many ms before each operation of the store. */
    latency: 0,
    /** How many more writes there are before the process is gone. */
    writes: Number.POSITIVE_INFINITY,
  };
  const world = await openFlowWorld({
    configure,
    wrapEngine: (engine) =>
      hookEngine(engine, async (operation, when) => {
        if (when === 'before' && faults.latency > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * faults.latency));
        if (when === 'before' && changes.has(operation) && (faults.writes -= 1) < 0) throw new StoreUnavailable('gone');
      }),
  });
  world.connectors.set(other, new StubConnector(other));
  const client_id = registered(world);

  const justNow = (secondsAgo = 5) => assuranceFrom({ auth_time: Math.floor(world.clock.now() / 1000) - secondsAgo }, { acr: [], amr: [] });
  /** Ana as she usually signs in, in `eng`. */
  const ana = (changed: Partial<VerifiedIdentity> = {}) => alice({ assurance: justNow(), ...changed });
  /** As the other connection knows her, under the same address. */
  const anaToo = (changed: Partial<VerifiedIdentity> = {}) =>
    alice({ connectionId: other, issuer: 'https://other.example', subject: 'o-1', groups: ['support'], assurance: justNow(), ...changed });

  const start = () => world.flows.begin(asked(client_id), browser);
  async function signInAs(id: TransactionId, says: VerifiedIdentity | LoginRefused, through = demo): Promise<void> {
    const connector = world.connectors.get(through);
    if (connector === undefined) throw new Error('no such connection');
    await world.flows.beginLogin({ id, browser, connectionId: through, purpose: 'sign-in' });
    connector.says = says;
    const answer = new URLSearchParams({ state: connector.attempts.at(-1)?.state ?? '', code: 'c' });
    // Nobody is as old as somebody else.
    world.clock.advance(1);
    await world.flows.complete({ connectionId: through, browser, answer });
  }
  async function approved(id: TransactionId, tenant: string): Promise<void> {
    expect(await world.flows.consent(id, browser, { decision: 'approve', tenant, scope: ['read'] })).toBe('recorded');
  }

  return Object.assign(faults, {
    world,
    client_id,
    justNow,
    ana,
    anaToo,
    start,
    signInAs,
    approved,
    stepOf: async (id: TransactionId) => (await world.flows.continue(id, browser)).step,
    userOf: async (who: VerifiedIdentity) => (await world.users.identity(identityKey(who)))?.userId ?? UserId.parse('nobody'),
    join: async (id: TransactionId, staying = 'first') => joinAccounts(world)(id, browser, staying),
    linked: () => world.events.filter(({ event }) => event === 'identity.linked'),
    /** Signs in as this one, presses join, and signs in as that one. */
    both: async (first = ana(), second = anaToo()): Promise<TransactionId> => {
      const id = await start();
      await signInAs(id, first, first.connectionId);
      await beginLink(world)(id, browser);
      await signInAs(id, second, second.connectionId);
      return id;
    },
    /** What somebody connected before: an app, with tokens. */
    connected: async (who: VerifiedIdentity, tenant: string, through = demo): Promise<GrantId> => {
      const id = await start();
      await signInAs(id, who, through);
      await approved(id, tenant);
      const stage = (await world.transactions.get(id))?.stage;
      if (stage?.at !== 'approved') throw new Error('not approved');
      await redeem(world, { client_id, id, code: codeOf(stage.grantId, world.sealing.mac).reveal() });
      return stage.grantId;
    },
  });
}

export type LinkingLab = Awaited<ReturnType<typeof openLinkingLab>>;
