import type { IdentitiesOptions, SeparateOptions } from '../cli/identity-options.ts';
import { keyBeside } from '../cli/master-key.ts';
import type { Identity } from '../domain/user.ts';
import { separateIdentity } from '../flows/separate-identity.ts';
import { nodeEntropy } from '../platform/node-entropy.ts';
import { openSealing } from '../platform/node-sealing.ts';
import { systemClock } from '../platform/system-clock.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { readIdentities } from '../stores/all-identities.ts';
import { openStores } from '../stores/open-stores.ts';
import { configure, folderOf, onInstallation, openExisting } from './installation.ts';

const moment = (at: number): string => new Date(at).toISOString();

const shown = ({ userId, connectionId, issuer, subject, createdAt, heldSince }: Identity) => ({
  user: userId,
  connection: connectionId,
  issuer,
  subject,
  since: moment(heldSince ?? createdAt),
  joined: heldSince !== undefined,
});

async function chosen(engine: DocumentEngine, isMeant: (identity: Identity) => boolean): Promise<Identity[]> {
  const found: Identity[] = [];
  for await (const page of readIdentities(engine)) found.push(...page.filter(isMeant));
  return found;
}

const nobody = (user: string | null): string =>
  user === null ? 'Nobody has signed in yet.' : `Nobody signs in as ${JSON.stringify(user)}. Without --user you see everybody.`;

/** Prints who is who, the identities of one user together. */
export async function tellIdentities(options: IdentitiesOptions): Promise<void> {
  const { user, json } = options;
  const engine = await openExisting(configure(options, '').store);
  try {
    const found = (await chosen(engine, ({ userId }) => user === null || userId === user)).map(shown);
    found.sort((a, b) => a.user.localeCompare(b.user) || a.since.localeCompare(b.since));
    const lines = found.map((each) => `${each.user} ${each.connection} ${JSON.stringify(each.subject)} since ${each.since}`);
    if (json) process.stdout.write(`${JSON.stringify({ identities: found })}\n`);
    else process.stdout.write(`${lines.length === 0 ? nobody(user) : lines.join('\n')}\n`);
  } finally {
    await engine.close();
  }
}

/** Gives one identity a user of its own again and tells what came of it. */
export async function separate(options: SeparateOptions): Promise<void> {
  const { connection, subject, json } = options;
  await onInstallation(options, async ({ config, engine, feed }) => {
    const found = await chosen(engine, (each) => each.connectionId === connection && each.subject === subject);
    const [identity] = found;
    if (identity === undefined) throw new Error(`Nobody signed in with ${JSON.stringify(subject)} at ${JSON.stringify(connection)}.`);
    if (found.length > 1) throw new Error('There are several of that name: the connection was another identity provider before.');
    const sealing = openSealing(config.key ?? keyBeside(folderOf(config)));
    const stores = openStores(engine, { feed, sealing, clock: systemClock, chain: nodeEntropy.id() });
    const done = await separateIdentity({ ...stores, clock: systemClock, entropy: nodeEntropy })(identity);
    const words = done.separated
      ? `separated: it is the user ${done.userId} from now on; ${done.ended} grants ended`
      : `nothing to separate: it is the only one of ${done.userId}`;
    process.stdout.write(`${json ? JSON.stringify(done) : words}\n`);
  });
}
