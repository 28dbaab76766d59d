import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { wordsOf } from '../support/browser.ts';
import { authorizeUrl, callTool, login, openBrowser, pkce, register, signIn } from '../support/client.ts';
import { headerValues, openRecorder } from '../support/recorder-mcp.ts';
import { startSystem } from '../support/system.ts';
import { blocksOf, read } from './support.ts';

describe('administrators, or whoever made it [UP-09]', () => {
  const guide = 'docs/guides/protect-a-server.md';
  const [, lines = ''] = blocksOf(read(guide)).flatMap(({ language, text }) => (language === 'js' ? [text] : []));
  const [yaml = ''] = blocksOf(read(guide)).flatMap(({ language, text }) =>
    text.includes('ownPermissions') && language === 'yaml' ? [text] : [],
  );

  it('a server needs two lines for, given the roles and the tool of the guide', async () => {
    const said = parse(yaml.replaceAll('tickets:', 'notes:').replace('delete_ticket', 'delete_notes')) as {
      roles: { permissions: string[] }[];
      tools: Record<string, unknown>;
    };
    const [agent, lead] = said.roles.map(({ permissions }) => permissions);
    expect(lines.trim().split('\n')).toHaveLength(2);
    const own = { editor: agent, admin: lead } as Readonly<Record<string, string[] | undefined>>;
    const upstream = await openRecorder();
    const guarded = await startSystem({
      configure: (config) => ({
        ...config,
        roles: config.roles.map((role) => ({ ...role, permissions: own[role.id] ?? role.permissions })),
        resources: config.resources.map((each) => ({
          ...each,
          upstream: upstream.url,
          tools: { ...each.tools, ...(said.tools as typeof each.tools) },
        })),
      }),
    });
    const server = (await import(`data:text/javascript,${encodeURIComponent(lines)}`)) as {
      made: (ticket: object, caller: object) => object;
      mayDelete: (ticket: object, caller: object) => boolean;
    };
    try {
      const callerOf = async (who: string, tool: string, scope = ['read', 'write']) => {
        const before = upstream.requests.length;
        const { tokens } = await login(guarded, { login: who, scope });
        const text = await (await callTool(guarded, tokens.access_token, tool, { text: 'x' })).text();
        const [, payload = ''] = headerValues(upstream.requests[before], 'Drawbridge-Assertion')[0]?.split('.') ?? [];
        return payload === '' ? text : (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>);
      };
      const ticket = server.made({ text: 'x' }, (await callerOf('alice', 'add_note')) as object);
      const [alice, carol] = [await callerOf('alice', 'delete_notes'), await callerOf('carol', 'delete_notes')] as Record<
        string,
        unknown
      >[];
      expect([alice?.['ownership'], carol?.['ownership']]).toEqual(['own', 'any']);
      expect(alice?.['permissions']).toEqual(agent);
      const others = server.made({ text: 'y' }, carol ?? {});
      const may = (caller: object = {}) => [ticket, others, { text: 'from before' }].map((each) => server.mayDelete(each, caller));
      expect([may(alice), may(carol)]).toEqual([
        [true, false, false],
        [true, true, true],
      ]);
      const consentOf = async (who: string) => {
        const browser = openBrowser();
        await browser.get(authorizeUrl(guarded, await register(guarded), pkce()));
        await signIn(browser, who);
        return wordsOf(browser.page.body);
      };
      expect(await consentOf('alice')).toContain('delete_notes (only what is yours)');
      expect(await consentOf('carol')).toMatch(/delete_notes (?!\(only)/);
      expect(await callerOf('erin', 'delete_notes', ['read'])).toMatch(/this needs the role Editor or Administrator/);
    } finally {
      await guarded.close();
      await upstream.close();
    }
  });
});
