import { type Db, MongoClient, type MongoClientOptions, ReadConcern } from 'mongodb';
import { reasonOf } from './failures.ts';

/** Nothing an operation waits for is waited for longer than this, whatever part of it hangs. */
export const DEADLINE_MS = 4_500;
const STEP_MS = 3_000;
const CONNECT_MS = 2_000;
/** How long the server may work on one operation, and how long it may wait for a majority. */
export const SERVER_MS = STEP_MS;

/** What the URL says of these is overruled: the promises of the stores hang on them. */
const firm: MongoClientOptions = {
  appName: 'drawbridge',
  readPreference: 'primary',
  retryWrites: true,
  retryReads: true,
  monitorCommands: false,
  promoteValues: true,
  ignoreUndefined: false,
};

const serving: MongoClientOptions = {
  serverSelectionTimeoutMS: STEP_MS,
  connectTimeoutMS: CONNECT_MS,
  socketTimeoutMS: STEP_MS,
  waitQueueTimeoutMS: STEP_MS,
  heartbeatFrequencyMS: 2_000,
  maxPoolSize: 32,
  maxConnecting: 4,
  maxIdleTimeMS: 300_000,
};

/** An index over many documents, or a migration of them, takes as long as it takes. */
const preparing: MongoClientOptions = {
  serverSelectionTimeoutMS: STEP_MS,
  connectTimeoutMS: CONNECT_MS,
  socketTimeoutMS: 600_000,
  maxPoolSize: 4,
};

/** The database the URL names, from the primary alone, with every write on the journals of a majority and every read from there. */
export interface Opened {
  readonly client: MongoClient;
  readonly db: Db;
}

export const openServing = (url: string): Opened => open(url, { ...firm, ...serving }, SERVER_MS);
export const openPreparing = (url: string): Opened => open(url, { ...firm, ...preparing }, null);

function open(url: string, options: MongoClientOptions, wtimeoutMS: number | null): Opened {
  if (!/^mongodb(\+srv)?:\/\/[^/?]+\/[^/?]+/.test(url))
    throw new Error('the MongoDB URL has to name the database: mongodb://host/database');
  try {
    const client = new MongoClient(url, options);
    const db = client.db(undefined, {
      readPreference: 'primary',
      readConcern: new ReadConcern('majority'),
      writeConcern: { w: 'majority', journal: true, ...(wtimeoutMS === null ? {} : { wtimeoutMS }) },
    });
    return { client, db };
  } catch (error) {
    throw new Error(`cannot open the store: ${reasonOf(error)}`, { cause: error instanceof TypeError ? error : undefined });
  }
}

/** Where the store is, for messages: never the user or the password. */
export const placeOf = ({ client, db }: Opened): string =>
  `mongodb://${client.options.srvHost ?? client.options.hosts.map((host) => host.toString()).join(',')}/${db.databaseName}`;
