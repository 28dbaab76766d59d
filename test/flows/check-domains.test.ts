import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Directory } from '../../src/domain/directory.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import { proofOutlives } from '../../src/domain/proven-domain.ts';
import { checkDomains } from '../../src/flows/check-domains.ts';
import { expectedText, provenConnections } from '../../src/flows/steps/proven-connections.ts';
import { openDnsDomainProof } from '../../src/platform/dns-domain-proof.ts';
import { openSealing } from '../../src/platform/node-sealing.ts';
import { Secret } from '../../src/domain/secret.ts';
import { openProvenDomains } from '../../src/stores/proven-domains.ts';
import { provenDomains as collection } from '../../src/stores/collections.ts';
import { startDnsServer } from '../support/dns-server.ts';
import type { DnsServer } from '../support/dns-server.ts';
import { openFlowWorld } from '../support/flow-world.ts';
import type { FlowWorld } from '../support/flow-world.ts';

const minute = 60_000;
const demo = ConnectionId.parse('demo');
let world: FlowWorld;
let dns: DnsServer;
beforeAll(async () => {
  [world, dns] = await Promise.all([openFlowWorld(), startDnsServer()]);
});
afterAll(async () => {
  await Promise.all([world.close(), dns.close()]);
});
afterEach(async () => {
  dns.answers.clear();
  dns.asked.length = 0;
  world.events.length = 0;
  for (const { id } of await world.engine.page(collection)) await world.engine.delete(collection, id);
});

/** One of several instances over the store of this world: the same key and claims, a memory of its own. */
function instance(domains: readonly string[] = ['acme.example'], sealing = world.sealing) {
  const directory: Directory = {
    ...world.directory,
    connections: world.directory.connections.map((connection) => ({ ...connection, domains })),
  };
  const domainProof = openDnsDomainProof({ servers: [dns.address], tryMs: 100, deadlineMs: 1_000 });
  const logged: string[] = [];
  const note = (event: string) => void logged.push(event);
  const log = { info: note, warn: note, error: note };
  const parts = { ...world, directory, sealing, domainProof, log, provenDomains: openProvenDomains(world.engine) };
  return { check: checkDomains(parts), proven: provenConnections(parts), value: (domain: string) => expectedText(sealing, domain), logged };
}

const publish = (domain: string, text: string) => dns.answers.set(`_drawbridge.${domain}`, [['v=spf1 -all'], [text]]);
const eventsOf = () => world.events.map(({ event }) => event);

describe('a claimed domain', () => {
  it('[W60] routes nobody before its record is seen, and whatever else stands there', async () => {
    const { check, proven, value } = instance();
    for (const text of ['', 'drawbridge=', 'drawbridge=guess', value('globex.example'), value('acme.example').slice(0, -1)]) {
      publish('acme.example', text);
      expect((await check('due')).map(({ verdict }) => verdict.verdict)).toEqual(['missing']);
      expect([...(await proven())]).toEqual([]);
    }
    expect(await world.engine.page(collection)).toEqual([]);
    expect(eventsOf()).toEqual([]);
  });

  it('counts from when its record is seen, and the audit says so once', async () => {
    const { check, proven, value, logged } = instance();
    publish('acme.example', value('acme.example'));
    await check('due');
    expect([...(await proven())]).toEqual([['acme.example', demo]]);
    world.clock.advance(11 * minute);
    await check('due');
    expect(world.events).toEqual([expect.objectContaining({ event: 'domain.proven', domain: 'acme.example', connectionId: demo })]);
    expect(logged).toEqual(['domain.proven']);
  });

  it('[W60] is for another connection or installation nobody’s proof', async () => {
    const stranger = instance(['acme.example'], openSealing(new Secret(world.entropy.secret())));
    publish('acme.example', stranger.value('acme.example'));
    const { check, proven } = instance();
    await stranger.check('due');
    expect([...(await stranger.proven())]).toHaveLength(1);
    await check('due');
    // The row of the other key is there, and does not count.
    expect([...(await proven())]).toEqual([]);
  });

  it('is proven to every instance that shares the store, and to one that starts later, with one question in ten minutes', async () => {
    const [one, other] = [instance(), instance()];
    publish('acme.example', one.value('acme.example'));
    await one.check('due');
    await other.check('due');
    expect([...(await other.proven())]).toEqual([['acme.example', demo]]);
    expect(dns.asked).toHaveLength(1);
    expect([...(await instance().proven())]).toEqual([['acme.example', demo]]);
    world.clock.advance(10 * minute);
    await Promise.all([one.check('due'), other.check('due')]);
    expect(dns.asked.length).toBeLessThanOrEqual(3);
    expect(await world.engine.page(collection)).toHaveLength(1);
  });

  it('[W60] is over for every instance as soon as one hears DNS answer without it', async () => {
    for (const gone of ['NXDOMAIN', [], [['drawbridge=other']]] as const) {
      const [one, other] = [instance(), instance()];
      publish('acme.example', one.value('acme.example'));
      await one.check('due');
      dns.answers.set('_drawbridge.acme.example', gone);
      world.clock.advance(10 * minute);
      await one.check('due');
      expect([...(await one.proven()), ...(await other.proven())]).toEqual([]);
      expect(one.logged).toEqual(['domain.proven', 'domain.lost']);
      expect(eventsOf().at(-1)).toBe('domain.lost');
    }
  });

  it('outlives DNS that fails or is silent, for three days from when it was seen, and not a moment longer', async () => {
    const { check, proven, value, logged } = instance();
    publish('acme.example', value('acme.example'));
    await check('due');
    for (const failure of ['SERVFAIL', 'REFUSED', 'silence'] as const) {
      dns.answers.set('_drawbridge.acme.example', failure);
      world.clock.advance(11 * minute);
      await check('due');
      expect([failure, ...(await proven())]).toEqual([failure, ['acme.example', demo]]);
    }
    expect(logged).toEqual(['domain.proven', 'domain.silent', 'domain.silent', 'domain.silent']);
    world.clock.advance(proofOutlives - 33 * minute - 1);
    expect([...(await proven())]).toHaveLength(1);
    world.clock.advance(1);
    expect([...(await proven())]).toEqual([]);
    await check('due');
    expect([...(await proven())]).toEqual([]);
    // Its row goes with the others that are over.
    expect(await world.engine.sweep(collection, world.clock.now())).toBe(1);
  });

  it('is not dropped on an answer older than what another instance saw since', async () => {
    const rows = openProvenDomains(world.engine);
    const { check, value, proven } = instance();
    publish('acme.example', value('acme.example'));
    await check('due');
    const [stale] = await rows.all();
    world.clock.advance(11 * minute);
    await check('due');
    expect(stale === undefined ? true : await rows.drop(stale)).toBe(false);
    expect([...(await proven())]).toHaveLength(1);
  });

  it('is one of many: each by itself, and none that is not claimed any more', async () => {
    const domains = Array.from({ length: 25 }, (_, index) => `company-${index}.example`);
    const { check, proven, value } = instance(domains);
    for (const domain of domains.slice(0, 12)) publish(domain, value(domain));
    expect(await check('due')).toHaveLength(25);
    expect([...(await proven()).keys()]).toEqual(domains.slice(0, 12));
    expect([...(await instance(['company-3.example', 'company-20.example']).proven()).keys()]).toEqual(['company-3.example']);
    dns.asked.length = 0;
    await check('due');
    expect(dns.asked).toHaveLength(13);
    expect(await check('all')).toHaveLength(25);
  });

  it('asks nobody where none is claimed', async () => {
    const { check, proven } = instance([]);
    expect([await check('all'), [...(await proven())], dns.asked]).toEqual([[], [], []]);
  });
});
