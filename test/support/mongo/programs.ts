import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { MongoClient } from 'mongodb';
import { freePorts } from '../free-ports.ts';

/** A MongoDB this test run started. */
export interface Started {
  /** Without a database and without options. */
  readonly host: string;
  readonly options: string;
  close(): Promise<void>;
}

const START_MS = 30_000;

/** Ends the process by its id and waits until it is gone. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** A real server: one member, which makes it a replica set that can do what the engine asks. */
export async function startMongod(program: string): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'mongod-'));
  const port = await freePorts(1);
  const set = ['--replSet', 'tests', '--dbpath', folder, '--bind_ip', '127.0.0.1', '--port', String(port)];
  const child = spawn(program, [...set, '--setParameter', 'enableTestCommands=1'], { stdio: 'ignore' });
  const close = async (): Promise<void> => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const host = `127.0.0.1:${port}`;
  const client = new MongoClient(`mongodb://${host}/?directConnection=true`, { serverSelectionTimeoutMS: START_MS });
  try {
    await client.db('admin').command({ replSetInitiate: { _id: 'tests', members: [{ _id: 0, host }] } });
    for (let tries = 0; tries < 300; tries += 1) {
      const { isWritablePrimary } = await client.db('admin').command({ hello: 1 });
      if (isWritablePrimary === true) return { host, options: 'directConnection=true', close };
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('mongod did not become a primary');
  } catch (error) {
    await close();
    throw error;
  } finally {
    await client.close();
  }
}

export interface SubstituteOptions {
  readonly changeStreams: boolean;
  /** It will have much to do: it takes more memory, and time to get faster. */
  readonly isLong: boolean;
}

/** The substitute: MongoDB's protocol over memory, in Java; change streams only where asked for. It ends when this process does, whose pipe it reads. */
export async function startSubstitute(jar: string, { changeStreams, isLong }: SubstituteOptions): Promise<Started> {
  const jars = readdirSync(dirname(jar)).map((name) => join(dirname(jar), name));
  const launcher = join(dirname(jar), '..', '..', 'Launcher.java');
  const flags = ['-XX:+UseSerialGC', ...(isLong ? ['-Xmx12g'] : ['-XX:TieredStopAtLevel=1', '-Xmx512m'])];
  const child = spawn('java', [...flags, '-cp', jars.join(':'), launcher, ...(changeStreams ? ['--oplog'] : [])], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the substitute did not start')), START_MS);
    child.once('exit', (code) => reject(new Error(`the substitute ended with ${code}`)));
    createInterface(child.stdout).once('line', (line) => {
      clearTimeout(timer);
      resolve((JSON.parse(line) as { port: number }).port);
    });
  });
  return { host: `127.0.0.1:${port}`, options: '', close: () => end(child) };
}
