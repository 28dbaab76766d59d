import { BSON, type Document } from 'mongodb';
import { type Answer, batch, type Heard, type Script } from './member.ts';

/** A member's collection that can be written, read in order and followed, each way broken on its own. */
export interface StreamedCollection {
  readonly script: Script;
  /** The `$changeStream` stage of every stream that was opened. */
  readonly opened: Document[];
  /** What the next streams are answered with instead of being opened. */
  refuses: Document | null;
  /** What becomes of the requests for more of a stream, those that are waiting too; `news` is what belongs there. */
  more: 'news' | Answer;
  /** What becomes of reading the collection. */
  reads: 'rows' | 'say nothing';
  /** Writes as another process would. */
  insert(row: Document): void;
}

const ok = { ok: 1, operationTime: new BSON.Timestamp({ t: 1, i: 1 }) };

/** As much of a replica set as a change stream of `name` shows: places in the stream, answers that wait for news, resumption. */
export function streamedCollection(name: string): StreamedCollection {
  const rows: Document[] = [];
  const waiting = new Set<() => void>();
  const places = new Map<string, number>();
  const opened: Document[] = [];
  let more: StreamedCollection['more'] = 'news';
  const ns = `drawbridge.${name}`;
  const tokenOf = (place: number) => ({ _data: String(place).padStart(8, '0') });
  const wake = () => {
    for (const one of waiting) one();
  };

  function open(stage: Document): Answer {
    opened.push(stage);
    if (stream.refuses !== null) return stream.refuses;
    const { resumeAfter } = stage as { resumeAfter?: { _data: string } };
    const place = resumeAfter === undefined ? rows.length : Number(resumeAfter._data);
    const id = BSON.Long.fromNumber(1_000 + opened.length);
    places.set(id.toString(), place);
    return { ...ok, cursor: { id, ns, firstBatch: [], postBatchResumeToken: tokenOf(place) } };
  }

  async function next(id: string, ms: number): Promise<Answer> {
    const place = places.get(id) ?? 0;
    if (more === 'news' && rows.length <= place) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        waiting.add(done);
      });
    }
    if (more !== 'news') return more;
    places.set(id, rows.length);
    const nextBatch = rows.slice(place).map((row, index) => ({
      _id: tokenOf(place + index + 1),
      operationType: 'insert',
      ns: { db: 'drawbridge', coll: name },
      documentKey: { _id: row['_id'] as unknown },
      fullDocument: row,
    }));
    return { ...ok, cursor: { id: BSON.Long.fromString(id), ns, nextBatch, postBatchResumeToken: tokenOf(rows.length) } };
  }

  const script = ({ name: command, command: asked }: Heard): Answer | undefined | Promise<Answer> => {
    const target: unknown = asked['collection'] ?? asked[command];
    if (target !== name) return undefined;
    if (command === 'insert') for (const row of asked['documents'] as Document[]) stream.insert(row);
    if (command === 'find') return stream.reads === 'rows' ? batch(after(rows, asked)) : 'say nothing';
    if (command === 'aggregate') return open(((asked['pipeline'] as Document[])[0] as { $changeStream: Document }).$changeStream);
    if (command === 'getMore') return next(String(asked['getMore']), Number(asked['maxTimeMS']));
    return undefined;
  };

  const stream: StreamedCollection = {
    script,
    opened,
    refuses: null,
    reads: 'rows',
    get more() {
      return more;
    },
    set more(next) {
      more = next;
      wake();
    },
    insert: (row) => {
      rows.push(row);
      wake();
    },
  };
  return stream;
}

function after(rows: readonly Document[], { filter }: Document): Document[] {
  const { _id } = filter as { _id: { $gt: string } };
  return rows.filter((row) => (row['_id'] as string) > _id.$gt).sort((a, b) => ((a['_id'] as string) < (b['_id'] as string) ? -1 : 1));
}
