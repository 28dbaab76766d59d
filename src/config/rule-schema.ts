import { z } from 'zod';
import { JsonPointer } from '../connectors/kinds/fields.ts';
import { ConnectionId, RoleId } from '../domain/ids.ts';
import { isWrittenByPeople } from '../domain/rule-claims.ts';
import { Identifier } from './fields.ts';

export const connectionId = Identifier.pipe(ConnectionId);
export const roleId = Identifier.pipe(RoleId);

/** Bounded, so that the longest list of groups against the longest list of rules is still soon through. */
const pattern = z
  .string()
  .min(1)
  .max(300)
  .refine((text) => text.split('*').length <= 11, 'must not contain more than ten *');

const condition = z.strictObject({
  claim: JsonPointer.refine((pointer) => !isWrittenByPeople(pointer), 'must not be where people write about themselves').describe(
    'Where in what the identity provider says of the person, as a JSON pointer such as `/department`. RFC 6901.',
  ),
  is: z
    .array(pattern)
    .min(1)
    .max(100)
    .describe('What it has to be, exactly, or a pattern with `*`: one of these. Of a claim with several values one is enough.'),
});

/** One rule of a tenant. What it gives or denies, and to whom, is judged with the names around it. */
export const RuleSchema = z.strictObject({
  connection: connectionId.optional().describe('Only for people who came through this connection.'),
  group: pattern.optional().describe('The group, exactly, or a pattern with `*` for any run of characters. This or `where` is required.'),
  where: z.array(condition).min(1).max(20).optional().describe('What claims have to say, all of it, beside the group or instead of one.'),
  role: roleId.optional().describe('The role it gives. This or `deny` is required.'),
  deny: z
    .string()
    .regex(/^(\*|[a-z0-9][a-z0-9-]{0,39})$/, 'must be the id of a role, or *')
    .optional()
    .describe('The role it takes away, whatever else gives it, or `"*"` for every role. It also keeps the default role from whom it fits.'),
  until: z.iso
    .datetime({ offset: true, error: 'must be a date and time such as 2027-01-31T18:00:00Z' })
    .optional()
    .describe('When it stops giving its role, such as `2027-01-31T18:00:00Z`. RFC 3339.'),
});
export type RuleConfig = z.infer<typeof RuleSchema>;
