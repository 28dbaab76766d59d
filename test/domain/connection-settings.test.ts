import { describe, expect, it } from '@jest/globals';
import { abilitiesOf } from '../../src/config/connection-abilities.ts';
import { directoryOf } from '../../src/config/directory.ts';
import { validate } from '../../src/config/load.ts';
import { kinds } from '../../src/connectors/kinds/known.ts';
import { judgeSettings } from '../../src/domain/connection-settings.ts';
import { exampleDocument, exampleResource } from '../support/example-config.ts';

type Json = Record<string, unknown>;

interface Given {
  readonly connection?: Json;
  readonly others?: readonly Json[];
  readonly tenant?: Json;
  readonly resource?: Json;
}

const us = { id: 'corp', type: 'oidc', name: 'Corp', client_id: 'us', client_secret: 'CNRY' };
const corp = { ...us, issuer: 'https://idp.example.com' };

/** What the settings of `corp` come to, from the configuration as somebody writes it. */
function judged({ connection = {}, others = [], tenant = {}, resource = {} }: Given): Record<string, string> {
  const config = validate(
    exampleDocument({
      connections: [{ ...('type' in connection ? us : corp), ...connection }, ...others],
      tenants: [{ id: 'acme', name: 'Acme', ...tenant }],
      resources: [{ ...exampleResource, ...resource }],
    }),
  );
  const [first] = config.connections;
  if (first === undefined) throw new Error('a connection is configured');
  return Object.fromEntries(judgeSettings(directoryOf(config), abilitiesOf(first)).map(({ check, result }) => [check, result]));
}

const entraTenant = '11112222-3333-4444-5555-666677778888';
const everybody = { defaultRole: 'user' };
const byGroup = { rules: [{ group: 'eng', role: 'user' }] };

describe('what the settings of a connection already say', () => {
  it('a second factor is demanded and nothing would prove one', () => {
    const wanted = { tenant: { ...everybody, requireMfa: true } };
    expect(judged({ tenant: everybody })).toMatchObject({ 'second-factor': 'ok' });
    expect(judged(wanted)).toMatchObject({ 'second-factor': 'problem' });
    expect(judged({ ...wanted, connection: { mfa: { amr: ['mfa'] } } })).toMatchObject({ 'second-factor': 'ok' });
    const resistant = { tenant: { ...everybody, require: { phishingResistant: true } } };
    expect(judged({ ...resistant, connection: { mfa: { amr: ['mfa'] } } })).toMatchObject({ 'second-factor': 'problem' });
    const proven = { mfa: { amr: ['mfa'], phishingResistant: { amr: ['hwk'] } } };
    expect(judged({ ...resistant, connection: proven })).toMatchObject({ 'second-factor': 'ok' });
  });

  it('what one scope demands keeps nobody from the rest', () => {
    const scopes = [{ name: 'read', title: 'Look', require: { mfa: true } }];
    expect(judged({ tenant: everybody, resource: { scopes } })).toMatchObject({ 'second-factor': 'warning' });
    expect(judged({ tenant: everybody, resource: { require: { mfa: true } } })).toMatchObject({ 'second-factor': 'problem' });
  });

  it('an authentication context of Entra proves nothing unattested', () => {
    const entra = { type: 'entra', tenant: '11112222-3333-4444-5555-666677778888' };
    const told = (mfa: Json) => judged({ connection: { ...entra, mfa }, tenant: { ...everybody, requireMfa: true } });
    expect(told({ acrs: ['c1'] })).toMatchObject({ 'second-factor': 'problem' });
    expect(told({ acrs: ['c1'], attested: true })).toMatchObject({ 'second-factor': 'ok' });
  });

  it('rules go by groups that no claim brings', () => {
    expect(judged({ tenant: byGroup })).toMatchObject({ groups: 'problem' });
    expect(judged({ tenant: byGroup, connection: { claims: { groups: '/groups' } } })).toMatchObject({ groups: 'ok' });
    // Everybody gets in, so the rule may be meant for the others.
    expect(judged({ tenant: { ...byGroup, ...everybody } })).toMatchObject({ groups: 'warning' });
    const named = { rules: [{ group: 'eng', role: 'user', connection: 'corp' }], ...everybody };
    expect(judged({ tenant: named })).toMatchObject({ groups: 'problem' });
  });

  it('only who was provisioned comes in, or others too', () => {
    const told = (connection: Json) => {
      const config = validate(
        exampleDocument({ connections: [{ ...corp, ...connection }], tenants: [{ id: 'acme', name: 'Acme', ...byGroup }] }),
      );
      const [first] = config.connections;
      if (first === undefined) throw new Error('a connection is configured');
      return judgeSettings(directoryOf(config), abilitiesOf(first)).find(({ check }) => check === 'provisioning');
    };
    expect(told({})).toBeUndefined();
    expect(told({ provisioning: { scim: true } })).toMatchObject({ result: 'ok', says: expect.stringMatching(/^Only who was told of/) });
    expect(told({ provisioning: { scim: true, required: false } })?.says).toMatch(/^Who was not told of by SCIM comes in too/);
    // Groups are pushed, so that rules by them have something to go by.
    expect(judged({ tenant: byGroup, connection: { provisioning: { scim: true } } })).toMatchObject({ groups: 'ok' });
  });

  it('it leads nowhere', () => {
    const others = [{ ...corp, id: 'other' }];
    expect(judged({ others, tenant: { rules: [{ group: 'eng', role: 'user', connection: 'other' }] } })).toMatchObject({
      'way-in': 'problem',
    });
    expect(judged({})).toMatchObject({ 'way-in': 'problem' });
    expect(judged({ tenant: { members: [{ connection: 'corp', subject: 'ana', role: 'user' }] } })).toMatchObject({
      'way-in': 'ok',
      groups: 'ok',
    });
  });

  it('it is to be asked again, and there is nothing to ask with', () => {
    const recheck = {};
    expect(judged({ tenant: everybody })).not.toHaveProperty('recheck');
    expect(judged({ tenant: everybody, connection: { recheck } })).toMatchObject({ recheck: 'warning' });
    expect(judged({ tenant: everybody, connection: { recheck, scopes: ['openid', 'offline_access'] } })).toMatchObject({ recheck: 'ok' });
    const expected = { oidc: 'warning', google: 'ok', entra: 'ok', okta: 'ok', auth0: 'ok', keycloak: 'ok' };
    const told = kinds.map(({ type, example }) => [
      type,
      judged({ connection: { ...example, type, recheck }, tenant: everybody })['recheck'],
    ]);
    expect(Object.fromEntries(told)).toEqual(expected);
  });

  it.each<[string, Json, string]>([
    ['Google, which has none in its tokens', { type: 'google' }, 'problem'],
    ['Google, asked at its directory', { type: 'google', groupLookup: {} }, 'ok'],
    ['Entra without a place for them', { type: 'entra', tenant: entraTenant, claims: { groups: null } }, 'problem'],
    [
      'Entra, asked when its token lists none, without a place where it would',
      { type: 'entra', tenant: entraTenant, claims: { groups: null }, groupLookup: {} },
      'problem',
    ],
    ['Entra, always asked', { type: 'entra', tenant: entraTenant, claims: { groups: null }, groupLookup: { when: 'always' } }, 'ok'],
  ])('rules go by groups of %s', (_what, connection, result) => {
    expect(judged({ connection, tenant: byGroup })['groups']).toBe(result);
  });
});
