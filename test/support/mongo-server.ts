import { basename } from 'node:path';
import { MongoClient } from 'mongodb';
import { mongoUrl, pathOf } from './places.ts';
import { type Started, startMongod, startSubstitute } from './mongo/programs.ts';

/** The MongoDB of one test file. Each test takes a database of its own. */
export interface MongoServer {
  /** The address of the (first) member. */
  readonly host: string;
  readonly hasChangeStreams: boolean;
  /** What it is and the version it gives itself. */
  readonly name: string;
  /** The URL of a database; through another address (a proxy's) when one is given. */
  url(database: string, through?: string): string;
  /** A name no other test has. */
  database(): string;
  close(): Promise<void>;
}

let named = 0;

/** In this order: MONGODB_URL, a mongod on the PATH, the substitute in test/tools/mongo, which has change streams only where asked for. */
export async function startMongo({ changeStreams = false, isLong = false } = {}): Promise<MongoServer> {
  const given = mongoUrl();
  const program = pathOf('mongodb');
  if (program === null) throw new Error('there is no MongoDB to test with');
  const isSubstitute = given === '' && basename(program) !== 'mongod';
  const started = given !== '' ? null : await (isSubstitute ? startSubstitute(program, { changeStreams, isLong }) : startMongod(program));
  const { scheme, user, host, options } = started === null ? partsOf(given) : fromStarted(started);
  const url = (database: string, through?: string): string => {
    const direct = through === undefined || options.includes('directConnection=true') ? [] : ['directConnection=true'];
    const query = [...(options === '' ? [] : [options]), ...direct].join('&');
    return `${through === undefined ? scheme : 'mongodb'}://${user}${through ?? host}/${database}${query === '' ? '' : `?${query}`}`;
  };
  const databases: string[] = [];
  const client = new MongoClient(url('admin'), { serverSelectionTimeoutMS: 5_000 });
  const { version } = (await client.db('admin').command({ buildInfo: 1 })) as { version: string };
  const name = started === null ? 'MONGODB_URL' : isSubstitute ? basename(program, '.jar') : 'mongod';
  process.stderr.write(`MongoDB for the tests: ${name}, which calls itself ${version}\n`);
  return {
    host: host.split(',')[0] ?? host,
    hasChangeStreams: changeStreams || !isSubstitute,
    name: `${name} (${version})`,
    url,
    database: () => {
      const database = `t${process.pid}_${(named += 1)}`;
      databases.push(database);
      return database;
    },
    close: async () => {
      if (started === null) for (const database of databases) await client.db(database).dropDatabase();
      await client.close();
      await started?.close();
    },
  };
}

const fromStarted = ({ host, options }: Started) => ({ scheme: 'mongodb', user: '', host, options });

function partsOf(url: string) {
  const [, scheme = '', user = '', host = '', options = ''] =
    /^(mongodb(?:\+srv)?):\/\/([^@/]*@)?([^/?]+)(?:\/[^?]*)?(?:\?(.*))?$/.exec(url) ?? [];
  return { scheme, user, host, options };
}
