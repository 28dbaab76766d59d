/** Every way in which somebody loses what they could do, at the gateways of two brokers over one store: refused at both at once, and the milliseconds are printed. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { policyOf } from '../../src/config/policy.ts';
import type { Config } from '../../src/config/schema.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import { administered, ask, signInAs } from '../support/administration.ts';
import { claimsOf } from '../support/client.ts';
import type { SignedIn } from '../support/client.ts';
import type { ScimClient } from '../support/scim.ts';
import { made, patchOf, scimClient } from '../support/scim.ts';
import type { SecondInstance } from '../support/second-instance.ts';
import { startSecondInstance } from '../support/second-instance.ts';
import type { TwoIdps } from '../support/two-idps.ts';
import { begin, beginConsent, finishConsent, pressDoor, startWithTwoIdps } from '../support/two-idps.ts';

let system: TwoIdps;
let [here, there]: SecondInstance[] = [];
let scim: ScimClient;
let token = '';

/** The people of Alpha may be told of beforehand. */
const configure = (config: Config): Config => {
  const told = (each: Config['connections'][number]) =>
    each.id === 'alpha' ? { ...each, provisioning: { scim: true as const, required: false } } : each;
  return administered({ ...config, connections: config.connections.map(told) });
};

beforeAll(async () => {
  system = await startWithTwoIdps({ configure });
  [here, there] = await Promise.all([startSecondInstance(system), startSecondInstance(system)]);
  scim = await scimClient(system, 'alpha');
  token = (await signInAs(system, 'platform')).tokens.access_token;
});
afterAll(async () => {
  await Promise.all([here?.close(), there?.close()]);
  await system.close();
});

let subject = 0;
const says = (groups: readonly string[]) => {
  system.alpha.script = { claims: (honest) => ({ ...honest, sub: `ana-${subject}`, groups }) };
};
beforeEach(() => {
  subject += 1;
});

async function signedIn(groups: readonly string[]): Promise<SignedIn> {
  says(groups);
  return finishConsent(system, await beginConsent(system, { door: 'alpha' }));
}

const userOf = ({ tokens }: SignedIn): string => String(claimsOf(tokens.access_token)['sub']);
const at = (who: SignedIn, more: string) => `/tenants/acme/members/${userOf(who)}${more}`;

async function publish(change: (policy: ReturnType<typeof policyOf>) => ReturnType<typeof policyOf>): Promise<void> {
  const policies = openPolicies(system.engine);
  const number = ((await policies.latest())?.number ?? 0) + 1;
  expect(await policies.add({ number, at: 1, source: 'apply', by: 'somebody', note: '' }, change(policyOf(system.config)))).toBe(true);
}

const provisioned = async (...groups: string[]) => {
  const user = await made(scim, 'Users', { userName: `ana-${subject}@corp.example`, externalId: `ana-${subject}` });
  const made_ = [];
  for (const displayName of groups)
    made_.push(await made(scim, 'Groups', { displayName: `${displayName}`, members: [{ value: user.id }] }));
  return { user, groups: made_ };
};

interface Way {
  /** Signs somebody in who may call the tool. */
  readonly sign: () => Promise<SignedIn>;
  readonly take: (who: SignedIn) => Promise<unknown>;
  readonly giveBack?: () => Promise<unknown>;
}

const ways: readonly (readonly [string, Way])[] = [
  [
    'a group is lost at the next sign-in',
    {
      sign: () => signedIn(['eng']),
      take: async () => {
        says([]);
        await pressDoor(await begin(system));
      },
    },
  ],
  [
    'a group is lost by provisioning',
    {
      sign: async () => {
        await provisioned('sales');
        return signedIn([]);
      },
      take: async () => {
        const found = (await scim.send('GET', `/Groups?filter=${encodeURIComponent('displayName eq "sales"')}`)).json['Resources'] as {
          id: string;
        }[];
        for (const { id } of found) await scim.send('DELETE', `/Groups/${id}`);
      },
    },
  ],
  [
    'the person is deactivated by provisioning',
    {
      sign: async () => {
        await provisioned();
        return signedIn(['eng']);
      },
      take: async () => {
        const filter = encodeURIComponent(`externalId eq "ana-${subject}"`);
        const [user] = (await scim.send('GET', `/Users?filter=${filter}`)).json['Resources'] as { id: string }[];
        await scim.send('PATCH', `/Users/${user?.id}`, patchOf({ op: 'Replace', path: 'active', value: 'False' }));
      },
    },
  ],
  [
    'an administrator disables the person',
    {
      sign: () => signedIn(['eng']),
      take: async (who) => expect((await ask(system, 'POST', at(who, '/disable'), { token })).status).toBe(200),
    },
  ],
  [
    'an administrator takes a role that was given by hand',
    {
      sign: async () => {
        const who = await signedIn(['eng']);
        expect((await ask(system, 'PUT', at(who, '/roles/editor'), { token, body: { connection: 'alpha' } })).status).toBeLessThan(300);
        says([]);
        await pressDoor(await begin(system));
        return who;
      },
      take: async (who) => expect((await ask(system, 'DELETE', at(who, '/roles/editor'), { token })).status).toBeLessThan(300),
    },
  ],
  [
    'an administrator changes the rules',
    {
      sign: () => signedIn(['sales']),
      take: () =>
        publish((policy) => ({
          ...policy,
          tenants: policy.tenants.map((tenant) => ({ ...tenant, rules: tenant.rules.filter(({ group }) => group !== 'sales') })),
        })),
      giveBack: () => publish((policy) => policy),
    },
  ],
  [
    'the tenant is suspended',
    {
      sign: () => signedIn(['eng']),
      take: () =>
        publish((policy) => ({ ...policy, tenants: policy.tenants.map((tenant) => ({ ...tenant, suspended: tenant.id === 'acme' })) })),
      giveBack: () => publish((policy) => policy),
    },
  ],
];

it.each(ways)('%s [W71] [W97] [W119] [W128]', async (what, { sign, take, giveBack }) => {
  const who = await sign();
  const gateways = [here, there].filter((one) => one !== undefined);
  for (const gateway of gateways) expect(await gateway.call(who.tokens.access_token, 'whoami')).toEqual({ status: 200, isAnswered: true });
  await take(who);
  const began = performance.now();
  const took = await Promise.all(
    gateways.map(async (gateway) => {
      for (;;) {
        const { status, isAnswered } = await gateway.call(who.tokens.access_token, 'whoami');
        if (status === 401 && !isAnswered) return performance.now() - began;
        if (performance.now() - began > 5_000) throw new Error('still answered after five seconds');
      }
    }),
  );
  await giveBack?.();
  process.stdout.write(`${what}: ${took.map((ms) => `${Math.round(ms)} ms`).join(', ')}\n`);
  for (const ms of took) expect(ms).toBeLessThan(2_000);
});
