import { type ChangeStreamInsertDocument, type Collection, MongoServerError, type ResumeToken } from 'mongodb';
import type { Watcher, Watching } from '../../ports/document-engine.ts';
import { decodeRow, type Row } from './encode.ts';
import { reasonOf } from './failures.ts';

/** For how long the server holds an answer back while there is no news (ms); the client gives a silent link up after three times that. */
const AWAIT_MS = 1_000;
/** Before a stream that broke is opened again (ms): at first, and doubled each time it does not come back, at most. */
const SHORTEST_MS = 100;
const LONGEST_MS = 10_000;

/** CommandNotFound, CommandNotSupported, NotImplemented, an unknown stage, and a standalone server's answer to this one. */
const LACKING: ReadonlySet<unknown> = new Set([59, 115, 238, 40_324, 40_573]);
const CURSOR_NOT_FOUND = 43;

/** Refused for what the server is; an answer without any code comes from what only speaks like MongoDB. */
const isLacking = (error: unknown): boolean => error instanceof MongoServerError && (error.code === undefined || LACKING.has(error.code));

/** Whether the stream can go on where it was. Where the server says no, its history is lost or the place is. */
const isResumable = (error: unknown): boolean =>
  !(error instanceof MongoServerError) || error.hasErrorLabel('ResumableChangeStreamError') || error.code === CURSOR_NOT_FOUND;

/**
 * Tells of what is inserted, by a change stream. It is opened again here and not by the driver, which does so without a pause for
 * as long as opening succeeds, even if reading never does.
 */
export function watchInserts(rows: () => Collection<Row>, watcher: Watcher): Watching {
  const told = { token: null as ResumeToken, times: 0 };
  let isClosed = false;
  let stop = (): void => undefined;

  const reach = (token: ResumeToken): void => {
    told.token = token;
    told.times += 1;
  };

  /** One stream, until it breaks. */
  async function follow(): Promise<void> {
    const from = told.token === null ? {} : { resumeAfter: told.token };
    const options = { ...from, maxAwaitTimeMS: AWAIT_MS };
    const stream = rows().watch<Row, ChangeStreamInsertDocument<Row>>([{ $match: { operationType: 'insert' } }], options);
    stream.on('resumeTokenChanged', reach);
    told.times = 0;
    const changes = stream.stream();
    stop = () => void changes.on('error', () => undefined).destroy();
    for await (const { _id, fullDocument } of changes as AsyncIterable<ChangeStreamInsertDocument<Row>>) {
      if (isClosed) return;
      reach(_id);
      watcher.inserted(decodeRow(fullDocument));
    }
  }

  async function run(): Promise<void> {
    for (let pause = SHORTEST_MS; !isClosed; pause = Math.min(pause * 2, LONGEST_MS)) {
      const error = await follow().then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (isClosed) return;
      if (isLacking(error)) return watcher.unsupported();
      if (!isResumable(error)) told.token = null;
      watcher.interrupted(error === null ? 'the server ended it' : reasonOf(error));
      // Opening gives one place in the stream; a second one shows that reading it works too.
      if (told.times > 1) pause = SHORTEST_MS;
      await new Promise((resolve) => void setTimeout(resolve, pause).unref());
    }
  }

  void run();
  return {
    close: () => {
      isClosed = true;
      stop();
    },
  };
}
