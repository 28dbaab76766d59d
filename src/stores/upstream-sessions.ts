import { Secret } from '../domain/secret.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { UpstreamSessions } from '../ports/upstream-sessions.ts';
import { upstreamSessions as collection, upstreamSignals } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

/** Longer than a signal is believed after it was issued. */
const signalLifetime = 15 * 60_000;

const sealedFor = 'upstream_token';

export function openUpstreamSessions(engine: DocumentEngine, sealing: Sealing): UpstreamSessions {
  const seal = (token: Secret<'upstream_token'> | null) => (token === null ? null : sealing.seal(sealedFor, token.reveal()));
  const rows = typedCollection(engine, collection);
  const signals = typedCollection(engine, upstreamSignals);
  return {
    get: (id) => rows.get(id),
    put: async (facts, token) => {
      const session = { ...facts, sealed: seal(token) };
      const { id, ...set } = session;
      for (let attempt = 0; attempt < 3; attempt += 1) {
        if ((await rows.updateIf(id, {}, { set })) !== null) return;
        if ((await rows.insert(session)) === 'inserted') return;
      }
      throw new StoreUnavailable('an upstream session could not be written');
    },
    handOver: async (id, from, to) => {
      await rows.updateIf(id, { userId: from }, { set: { userId: to } });
    },
    tokenOf: ({ sealed }) => {
      const plain = sealed === null ? null : sealing.open(sealedFor, sealed);
      return plain === null ? null : new Secret(plain);
    },
    lease: async ({ id, askedUntil, seenAt }, until) =>
      (await rows.updateIf(id, { askedUntil, seenAt, stands: true }, { set: { askedUntil: until } })) !== null,
    settle: async ({ id, askedUntil }, { id: _id, token, ...facts }) => {
      const set = token === undefined ? facts : { ...facts, sealed: seal(token) };
      return (await rows.updateIf(id, { askedUntil }, { set })) !== null;
    },
    firstHeard: async (signal, now) => {
      if ((await signals.insert({ id: signal, at: now, expiresAt: now + signalLifetime })) === 'inserted') return now;
      return (await signals.get(signal))?.at ?? now;
    },
  };
}
