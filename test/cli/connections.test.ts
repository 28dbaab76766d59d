import { describe, expect, it } from '@jest/globals';
import { setupLines, setupSheets } from '../../src/cli/connections.ts';
import { readOptions } from '../../src/cli/options.ts';
import { validate } from '../../src/config/load.ts';
import { kinds } from '../../src/connectors/kinds/known.ts';
import { callbackPath } from '../../src/http/login/callback.ts';
import { exampleDocument } from '../support/example-config.ts';

const config = validate(
  exampleDocument({
    connections: kinds.map((kind) => ({
      id: kind.type,
      type: kind.type,
      name: 'Company',
      client_id: 'us',
      client_secret: 'CNRYsecret',
      ...kind.example,
    })),
  }),
);

describe('the connections command', () => {
  it('tells of each connection the exact address to paste, in its own steps, and no secret', () => {
    const sheets = setupSheets(config, callbackPath);
    expect(sheets.map(({ id, redirect_uri }) => [id, redirect_uri])).toEqual(
      kinds.map(({ type }) => [type, `https://login.company.example/callback/${type}`]),
    );
    for (const { redirect_uri, steps } of sheets) expect(steps.filter((step) => step.endsWith(redirect_uri))).toHaveLength(1);
    const said = setupLines(sheets).join('\n');
    expect(said).toContain('entra: Company, Microsoft Entra ID\n  issuer        https://login.microsoftonline.com/');
    expect(said + JSON.stringify(sheets)).not.toContain('CNRY');
  });

  it('reads its options', () => {
    expect(readOptions(['connections', '--config', 'x.yaml', '--json'])).toEqual({ command: 'connections', config: 'x.yaml', json: true });
    expect(readOptions(['connections'])).toEqual({ command: 'connections', config: null, json: false });
  });
});
