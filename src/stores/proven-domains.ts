import type { ProvenDomain } from '../domain/proven-domain.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import type { ProvenDomains } from '../ports/proven-domains.ts';
import { provenDomains as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

const pageSize = 1000;

export function openProvenDomains(engine: DocumentEngine): ProvenDomains {
  const rows = typedCollection(engine, collection);
  return {
    all: async () => {
      const found: ProvenDomain[] = [];
      for (;;) {
        const after = found.at(-1)?.id;
        const page = await rows.page({ ...(after === undefined ? {} : { after }), limit: pageSize });
        found.push(...page);
        if (page.length < pageSize) return found;
      }
    },
    keep: async ({ id, ...seen }) => {
      if ((await rows.updateIf(id, {}, { set: seen })) === null) await rows.insert({ id, ...seen });
    },
    drop: ({ id, seenAt }) => rows.delete(id, { seenAt }),
  };
}
