import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readDemoStore, readPort } from '../cli/options.ts';
import type { StartOptions } from '../cli/options.ts';
import { demoConfig } from '../config/demo.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigProblems } from '../config/problems.ts';
import type { Config } from '../config/schema.ts';
import { nodeEntropy } from '../platform/node-entropy.ts';
import { openLog } from '../platform/pino-log.ts';
import { systemClock } from '../platform/system-clock.ts';
import type { AuthorityFeed } from '../ports/authority-feed.ts';
import { noFeed } from '../ports/authority-feed.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { openAuthorityFeed } from '../stores/authority-feed.ts';
import { openStore, storeFile } from '../stores/open-store.ts';

/** Where the demonstration, or any embedded store, keeps its files. */
export const folderOf = ({ store }: Config) => dirname(storeFile(store) ?? './data/store');

/** What a command works on: the file it names, or the demonstration. */
export function configure({ config }: Pick<StartOptions, 'config'>, demoSecret: string): Config {
  if (config === null) {
    const demo = demoConfig(readPort(process.env['PORT']), { client_secret: demoSecret || nodeEntropy.secret() });
    return { ...demo, store: readDemoStore(process.env['DRAWBRIDGE_STORE']) ?? demo.store };
  }
  return loadConfig({ file: config, env: process.env, readFile: (path) => readFileSync(path, 'utf8') });
}

export const quietly = { clock: systemClock, log: () => undefined };

/** The store of an installation that is there already; a command makes none. */
export async function openExisting(store: string): Promise<DocumentEngine> {
  const path = storeFile(store);
  if (path !== null && !existsSync(path)) throw new Error(`There is no store at ${path}.`);
  return openStore(store, quietly);
}

export interface Installation {
  readonly config: Config;
  readonly engine: DocumentEngine;
  /** By which running processes hear of what a command takes away. */
  readonly feed: AuthorityFeed;
}

/** Works on an installation that is there already, and closes it afterwards. */
export async function onInstallation(options: Pick<StartOptions, 'config'>, work: (place: Installation) => Promise<void>): Promise<void> {
  const config = configure(options, '');
  const engine = await openExisting(config.store);
  const isShared = storeFile(config.store) === null;
  const feed = isShared ? openAuthorityFeed(engine, { clock: systemClock, entropy: nodeEntropy, log: openLog(config.log) }) : noFeed;
  try {
    await work({ config, engine, feed });
  } finally {
    feed.close();
    await engine.close();
  }
}

/** A sentence for whoever started us, never a stack. */
export function explain(error: unknown): string {
  if (error instanceof ConfigProblems) return error.message;
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port ?? ''} is taken: something else listens there, perhaps another Drawbridge. PORT=n moves the demonstration.`;
  return message;
}
