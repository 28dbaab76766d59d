import { z } from 'zod';
import { TenantId } from '../../domain/ids.ts';

/** What several endpoints say in the same words. */
export const tenantInPath = { tenant: TenantId.describe('The id of the tenant.') };

export const Moment = z.int().describe('Milliseconds since the epoch.');

/** A moment as it comes in a query. */
export const AskedMoment = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .describe('Milliseconds since the epoch.');

/** Where the page before ended, and how many are wanted at most. */
export const paging = {
  after: z.string().min(1).max(300).optional().describe('The `next` of the page before.'),
  limit: z
    .string()
    .regex(/^([1-9]\d?|1\d\d|200)$/)
    .transform(Number)
    .default(50)
    .describe('How many at most, up to 200.'),
};

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    next: z
      .string()
      .nullable()
      .describe('What `after` must be for the next page; null when there is none. A page may be short and have a next.'),
  });
