import { attributeName } from '../../domain/scim-attributes.ts';
import type { ScimPage } from '../../domain/scim-documents.ts';
import { readPage } from '../../domain/scim-documents.ts';
import type { ScimFilter } from '../../domain/scim-filter.ts';
import { parseFilter } from '../../domain/scim-filter.ts';
import { mentions } from '../../domain/scim-match.ts';
import { badRequest } from '../../domain/scim-refusal.ts';
import { readParameters } from '../body.ts';

/** What a read asks for. RFC 7644 §3.4.2, §3.9. */
export interface ScimQuery {
  readonly filter: ScimFilter | null;
  readonly page: ScimPage;
  /** Names in lower case; null when everything is wanted. */
  readonly wanted: ReadonlySet<string> | null;
  readonly unwanted: ReadonlySet<string>;
}

const names = (list: string): ReadonlySet<string> => new Set(list.split(',').map((name) => attributeName(name.trim()).split('.')[0] ?? ''));

/** Whoever writes a space as %20 means a plus by a plus, as the others mean a space by it. */
const plain = (query: string): string => (query.includes('%20') ? query.replaceAll('+', '%2B') : query);

function readFilter(text: string): ScimFilter {
  const filter = parseFilter(text);
  // Dates are moments and no texts, and nothing is kept in their order.
  if (mentions(filter, 'meta')) throw badRequest('invalidFilter', 'Nothing is found by meta.');
  return filter;
}

export function readQuery(url: string): ScimQuery {
  const start = url.indexOf('?');
  const { values, repeated } = readParameters(start === -1 ? '' : plain(url.slice(start + 1)));
  if (repeated.size > 0) throw badRequest('invalidSyntax', 'A parameter stands there twice.');
  const { filter, startIndex, count, attributes, excludedAttributes } = values;
  return {
    filter: filter === undefined ? null : readFilter(filter),
    page: readPage(startIndex, count),
    wanted: attributes === undefined ? null : names(attributes),
    unwanted: excludedAttributes === undefined ? new Set() : names(excludedAttributes),
  };
}

/** Whether the members of a group are asked for, which are another look into the store. */
export const wantsMembers = ({ wanted, unwanted }: ScimQuery): boolean => wanted?.has('members') ?? !unwanted.has('members');
