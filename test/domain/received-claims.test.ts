import { expect, it } from '@jest/globals';
import { ReceivedClaims, receivedClaims } from '../../src/domain/received-claims.ts';

const shown = (claims: Record<string, unknown>) =>
  Object.fromEntries(receivedClaims({ from: 'ID token', claims }).claims.map(({ name, text }) => [name, text]));

it('shows claims by their own names, in the order they came, whatever shape they have', () => {
  const { claims } = receivedClaims({ from: 'userinfo', claims: { sub: 'a', groups: ['x', 'y'], email_verified: true, n: 3, none: null } });
  expect(claims).toEqual([
    { name: 'sub', text: 'a' },
    { name: 'groups', text: '["x","y"]' },
    { name: 'email_verified', text: 'true' },
    { name: 'n', text: '3' },
    { name: 'none', text: 'null' },
  ]);
});

it.each(['nonce', 'at_hash', 'c_hash', 'jti', 'sid', 'session_id', 'access_token', 'refresh_token', 'client_secret', 'api_key', 'otp'])(
  'never shows the value of %s, at any depth',
  (name) => {
    expect(shown({ [name]: 'CNRY' })).toEqual({ [name]: null });
    expect(shown({ deep: { [name]: 'CNRY', seen: 1 } })).toEqual({ deep: `{"${name}":"(not shown)","seen":1}` });
  },
);

it('shows no token that stands under a harmless name', () => {
  const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln';
  expect(shown({ note: token, list: ['x', token], fine: 'eyJ is how some words begin. So.' })).toEqual({
    note: null,
    list: null,
    fine: 'eyJ is how some words begin. So.',
  });
});

it('is bounded, however much arrives, and says how much more there was', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${'n'.repeat(300)}${n}`, '🙂'.repeat(100_000)]));
  const received = receivedClaims({ from: 'access token', claims: many });
  expect([received.claims.length, received.more]).toEqual([60, 440]);
  for (const { name, text } of received.claims) expect([[...name].length, [...(text ?? '')].length]).toEqual([60, 160]);
  expect(ReceivedClaims.parse(received)).toEqual(received);
});
