import { type Collection, type Db, ObjectId } from 'mongodb';
import type { Clock } from '../../ports/clock.ts';
import { isDuplicate } from './failures.ts';

interface Lock {
  readonly _id: string;
  readonly by: string;
  /** When it may be taken from whoever holds it (ms). */
  readonly until: number;
}

const LOCKS = '_lock';
const NAME = 'migrations';
/** Longer than the longest command may take, so that a lock is never taken from an instance that works. */
const HOLD_MS = 900_000;
const WAIT_MS = 30_000;
const POLL_MS = 200;

/** Runs `work` while holding the lock document; `renew` before each long step keeps it. */
export async function withLock<T>(
  db: Db,
  clock: Clock,
  work: (renew: () => Promise<void>) => Promise<T>,
  waitMs: number = WAIT_MS,
): Promise<T> {
  const locks = db.collection<Lock>(LOCKS);
  const by = new ObjectId().toHexString();
  for (let waited = 0; !(await take(locks, by, clock.now())); waited += POLL_MS) {
    if (waited >= waitMs)
      throw new Error(`another instance has been migrating the store for ${waitMs} ms; if none runs, remove ${NAME} from ${LOCKS}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const renew = async (): Promise<void> => {
    const kept = await locks.findOneAndUpdate({ _id: NAME, by }, { $set: { until: clock.now() + HOLD_MS } });
    if (kept === null) throw new Error('the lock of the migrations was lost');
  };
  try {
    return await work(renew);
  } finally {
    await locks.deleteOne({ _id: NAME, by });
  }
}

/** One upsert: it finds a lock that may be taken or makes one; when one is held, it collides with its id. */
async function take(locks: Collection<Lock>, by: string, now: number): Promise<boolean> {
  try {
    await locks.findOneAndUpdate({ _id: NAME, until: { $lte: now } }, { $set: { by, until: now + HOLD_MS } }, { upsert: true });
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}
