import { type Admin, type Document, MongoServerError } from 'mongodb';
import { z } from 'zod';
import { StoreUnavailable } from '../../ports/document-engine.ts';

const unknownCommand = 59;
const Told = z.object({ localTime: z.date() });

/** Servers from before 4.4.2, and some that speak the protocol only, know the greeting by its older name. */
async function greeting(admin: Admin): Promise<Document> {
  return admin.command({ hello: 1 }).catch((error: unknown) => {
    if (error instanceof MongoServerError && error.code === unknownCommand) return admin.command({ isMaster: 1 });
    throw error;
  });
}

/** What the server's clock says, in ms since the epoch. */
export async function timeOf(admin: Admin): Promise<number> {
  const { data } = Told.safeParse(await greeting(admin));
  if (data !== undefined) return data.localTime.getTime();
  throw new StoreUnavailable('the store does not tell the time');
}
