import { describe, expect, it } from '@jest/globals';
import { upstreamOf } from '../../src/compose-upstreams.ts';
import { validate } from '../../src/config/load.ts';
import { kinds } from '../../src/connectors/kinds/known.ts';
import { exampleDocument } from '../support/example-config.ts';

/** What the connector of a connection is told, from the configuration as somebody writes it. */
function told(connection: Record<string, unknown>) {
  const us = { id: 'corp', name: 'Corp', client_id: 'us', client_secret: 'CNRY' };
  const config = validate(exampleDocument({ connections: [{ ...us, ...connection }] }));
  const [first] = config.connections;
  if (first === undefined) throw new Error('a connection is configured');
  const { kind, settings } = upstreamOf(config, first);
  return kind.settings.parse(settings);
}

describe('what a connector is told of its connection', () => {
  it.each(kinds.map(({ type, example }) => [type, example] as const))(
    'a %s hears that it will be asked again where that is configured, and only there',
    (type, example) => {
      expect(told({ ...example, type, recheck: {} })).toMatchObject({ isAskedAgain: true });
      expect(told({ ...example, type })).not.toMatchObject({ isAskedAgain: true });
    },
  );
});
