import type { DocumentEngine } from '../ports/document-engine.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { SecondFactors } from '../ports/second-factors.ts';
import { secondFactors as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

const sealedFor = 'second_factor';

export function openSecondFactors(engine: DocumentEngine, sealing: Sealing): SecondFactors {
  const rows = typedCollection(engine, collection);
  const sealedIn = (secret: string) => ({ sealed: sealing.seal(sealedFor, secret) });
  return {
    get: (userId) => rows.get(userId),
    add: async (factor, secret) =>
      (await rows.insert({ passkeys: [], ...factor, ...(secret === null ? {} : sealedIn(secret)) })) === 'inserted' ? 'added' : 'exists',
    secretOf: ({ sealed }) => (sealed === undefined ? null : sealing.open(sealedFor, sealed)),
    // The enrolment too: after a reset another row may stand at the same version.
    settle: async ({ id, version, enrolment }, change, secret) => {
      const set = { ...change, ...(secret === undefined ? {} : sealedIn(secret)) };
      return (await rows.updateIf(id, { version, enrolment }, { set })) !== null;
    },
    remove: (userId) => rows.delete(userId),
  };
}
