import { groupWithName } from './group-name.ts';
import type { GroupNaming } from './group-name.ts';
import type { MappingRule } from './mapping-rule.ts';
import type { NamedMember } from './role-mapping.ts';

const moment = new Intl.DateTimeFormat('sv-SE', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'short' });

const listed = (values: readonly string[]): string => values.join(' or ');

/** A rule as people read it: “people in the group eng get editor”. */
export function ruleSentence({ connectionId, group, where = [], role, deny, until }: MappingRule, naming: GroupNaming = new Map()): string {
  const whose = [
    ...(group === undefined ? [] : [`in the group ${groupWithName(naming, group, connectionId)}`]),
    ...where.map(({ claim, is }) => `whose ${claim} is ${listed(is)}`),
    ...(connectionId === null ? [] : [`who come through ${connectionId}`]),
  ].join(' and ');
  const ends = until === undefined ? '' : ` until ${moment.format(until)} UTC`;
  if (role !== undefined) return `people ${whose} get ${role}${ends}`;
  return `people ${whose} never get ${deny === '*' ? 'any role' : deny}`;
}

export const memberSentence = ({ connectionId, subject, role }: NamedMember): string =>
  `${JSON.stringify(subject)}, who comes through ${connectionId}, gets ${role}`;
