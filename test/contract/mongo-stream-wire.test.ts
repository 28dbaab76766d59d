/** What is said to a replica set to hear of inserts, and what its answers come to. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { onePolicy } from '../../src/ports/policy-in-force.ts';
import { systemClock as clock } from '../../src/platform/system-clock.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import type { FeedTimes } from '../../src/stores/authority-feed.ts';
import { cachedAuthority } from '../../src/stores/cached-authority.ts';
import { authorityChanges } from '../../src/stores/collections.ts';
import { grantId, standing, until } from '../support/feed-world.ts';
import { type StreamedCollection, streamedCollection } from '../support/mongo/change-stream.ts';
import { change, closeAll, deaf, events, instance, isHeard, quick } from '../support/mongo/instance.ts';
import { type Member, startMember } from '../support/mongo/member.ts';

describe('a change stream of a replica set', () => {
  let member: Member;
  let stream: StreamedCollection;
  beforeEach(async () => {
    member = await startMember();
    stream = streamedCollection(authorityChanges.name);
    member.script = stream.script;
  });
  afterEach(async () => {
    await closeAll();
    await member.close();
  });
  const isOpen = (times = 1) => until(() => stream.opened.length === times && member.heard.at(-1)?.name === 'getMore');
  const opened = async (times: FeedTimes) => {
    const one = await instance(member.url, times);
    await isOpen();
    return one;
  };
  const insert = (key: string) => {
    const now = clock.now();
    stream.insert({ _id: `${String(now).padStart(15, '0')}-${key}`, kind: 'grant', key, expiresAt: now + 60_000 });
  };

  it('brings at once what another instance appended, as a majority has it, and each change once', async () => {
    const there = await opened(deaf);
    const here = await instance(member.url, quick);
    for (const key of ['one', 'two', 'three']) await here.feed.append(change(key));
    expect(await until(() => isHeard(there, 'three'))).toBeLessThan(1_000);
    await until(() => here.feed.isFresh());
    await wait(200);
    for (const { heard } of [here, there]) expect(heard).toEqual(['one', 'two', 'three'].map(change));
    const { command } = member.heard.find(({ name }) => name === 'aggregate') ?? {};
    expect(command).toMatchObject({ readConcern: { level: 'majority' }, pipeline: [{ $changeStream: {} }, { $match: {} }] });
    expect(member.heard.find(({ name }) => name === 'getMore')?.command).toMatchObject({ maxTimeMS: 1_000 });
    expect(events(there)).toEqual([]);
  });

  it('goes on where it was when the connection is lost: what came in between is told', async () => {
    const there = await opened(deaf);
    insert('before');
    await until(() => isHeard(there, 'before'));
    stream.more = 'drop the connection';
    insert('between');
    await until(() => events(there).includes('authority.interrupted'));
    stream.more = 'news';
    await until(() => isHeard(there, 'between'));
    insert('after');
    await until(() => isHeard(there, 'after'));
    expect(there.heard).toEqual(['before', 'between', 'after'].map(change));
    expect(stream.opened.at(-1)).toEqual({ resumeAfter: { _data: '00000001' } });
    expect(new Set(events(there))).toEqual(new Set(['authority.interrupted']));
  });

  it('begins anew when the server has forgotten where it was, and what was missed is read [F39]', async () => {
    const there = await opened(quick);
    stream.more = { ok: 0, code: 286, codeName: 'ChangeStreamHistoryLost', errmsg: 'x', errorLabels: ['NonResumableChangeStreamError'] };
    await until(() => events(there).includes('authority.interrupted'));
    insert('missed');
    stream.more = 'news';
    await until(() => isHeard(there, 'missed'));
    await until(() => stream.opened.length > 1);
    expect(stream.opened[1]).toEqual({});
    expect(there.lines[0]?.reason).toBe('the server answered ChangeStreamHistoryLost');
    await isOpen(stream.opened.length);
    insert('later');
    await until(() => isHeard(there, 'later'));
    expect(there.heard).toEqual(['missed', 'later'].map(change));
  });

  it.each([
    [
      'a standalone server',
      { code: 40_573, codeName: 'Location40573', errmsg: 'The $changeStream stage is only supported on replica sets' },
    ],
    ['a server without the command', { code: 115, codeName: 'CommandNotSupported', errmsg: 'no' }],
    ['a server that has no code for it', { errmsg: 'Unknown error: null' }],
  ])('%s is asked once, said once, and read instead', async (_, refusal) => {
    stream.refuses = { ok: 0, ...refusal };
    const there = await instance(member.url, quick);
    await until(() => events(there).length > 0);
    insert('one');
    await until(() => isHeard(there, 'one'));
    await wait(500);
    expect(events(there)).toEqual(['authority.polled']);
    expect(stream.opened).toHaveLength(1);
    expect(there.feed.isFresh()).toBe(true);
  });

  it('that opens and never brings anything is opened again ever more slowly', async () => {
    const there = await opened(quick);
    // As behind a balancer that sends the first question to one router and the next one to another.
    stream.more = { ok: 0, code: 43, codeName: 'CursorNotFound', errmsg: 'x' };
    await wait(2_000);
    expect(stream.opened.length).toBeGreaterThan(2);
    expect(stream.opened.length).toBeLessThan(8);
    expect(stream.opened.at(-1)).toHaveProperty('resumeAfter');
    insert('one');
    await until(() => isHeard(there, 'one'));
    expect(there.feed.isFresh()).toBe(true);
  });

  it('[F39] that falls silent leaves what is remembered bounded by looking; when that is cut as well, nothing remembered is used', async () => {
    const there = await opened(quick);
    let answer: () => Promise<typeof standing | null> = () => Promise.resolve(standing);
    const authority = cachedAuthority(
      { standing: () => answer() },
      { feed: there.feed, policy: onePolicy, clock, bounds: { most: 10, oldest: 60_000, settling: 0 } },
    );
    await until(() => there.feed.isFresh());
    expect(await authority.standing(grantId)).toBe(standing);
    answer = () => Promise.reject(new StoreUnavailable('asked'));
    expect(await authority.standing(grantId)).toBe(standing);

    stream.more = 'say nothing';
    const refused = async () => (await authority.standing(grantId).catch((error: unknown) => error)) instanceof StoreUnavailable;
    expect(await refused()).toBe(false);
    insert(grantId);
    expect(await until(refused)).toBeLessThan(2_000);

    answer = () => Promise.resolve(standing);
    await wait(10);
    await authority.standing(grantId);
    answer = () => Promise.reject(new StoreUnavailable('asked'));
    expect(await refused()).toBe(false);
    stream.reads = 'say nothing';
    expect(await until(refused)).toBeLessThan(2_000);
    insert(grantId);
    await wait(quick.staleness);
    expect(await refused()).toBe(true);
  });

  it('ends with the feed, although nothing is told at that moment', async () => {
    const there = await opened(deaf);
    const asked = member.heard.length;
    there.feed.close();
    insert('late');
    await wait(1_500);
    expect(member.heard).toHaveLength(asked);
    expect(there.heard).toEqual([]);
    expect(await there.engine.get(authorityChanges, 'x')).toBeNull();
  });

  it('does not hold up the end of the store, although the server says nothing any more', async () => {
    const there = await opened(deaf);
    stream.more = 'say nothing';
    const began = performance.now();
    await there.engine.close();
    expect(performance.now() - began).toBeLessThan(2_000);
    insert('late');
    await wait(300);
    expect(there.heard).toEqual([]);
    expect(events(there)).toEqual([]);
  });
});
