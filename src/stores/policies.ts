import { canonicalJson } from '../domain/canonical-json.ts';
import { sha256 } from '../domain/digest.ts';
import type { Revision } from '../domain/policy.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import type { Policies } from '../ports/policies.ts';
import { policyDocuments, policyRevisions } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

const last = 999_999_999;

/** Ids fall as numbers rise, so that the first row of all is the newest. */
const rowId = (number: number): string => String(last - number).padStart(9, '0');

export function openPolicies(engine: DocumentEngine): Policies {
  const revisions = typedCollection(engine, policyRevisions);
  const documents = typedCollection(engine, policyDocuments);
  const bare = ({ id: _id, ...revision }: Revision & { id: string }): Revision => revision;

  return {
    latest: async () => (await revisions.page({ limit: 1 })).map(bare)[0] ?? null,
    get: async (number) => {
      const row = await revisions.get(rowId(number));
      return row === null ? null : bare(row);
    },
    document: async (digest) => (await documents.get(digest))?.document,
    add: async (revision, document) => {
      const digest = sha256(canonicalJson(document));
      // The document first: a revision without one would be in force and unreadable.
      await documents.insert({ id: digest, document });
      return (await revisions.insert({ id: rowId(revision.number), ...revision, digest })) === 'inserted';
    },
    history: async ({ before = last, limit }) => (await revisions.page({ after: rowId(before), limit })).map(bare),
  };
}
