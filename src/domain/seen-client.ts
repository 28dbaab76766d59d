import { z } from 'zod';
import { sha256 } from './digest.ts';

/** A client that some person let in: the row behind "added by Ana, last used …". The id is `clientKey`. */
export const SeenClient = z.object({
  id: z.string(),
  client_id: z.string(),
  client_name: z.string(),
  status: z.enum(['allowed', 'withdrawn']),
  addedBy: z.string(),
  addedAt: z.number(),
  usedAt: z.number(),
});
export type SeenClient = z.infer<typeof SeenClient>;

export function clientKey(client_id: string): string {
  return sha256(client_id);
}
