import { styleText } from 'node:util';
import { upstreamIssuer } from '../config/connection-schema.ts';
import type { Config } from '../config/schema.ts';

/** What a program that started us waits for: the last line on stdout. */
export function readyLine(config: Config, pid: number): string {
  const [connection] = config.connections;
  const resource = config.resources.find((entry) => entry.default) ?? config.resources[0];
  return JSON.stringify({
    ready: true,
    issuer: config.issuer,
    mcp: resource?.identifier,
    idp: connection === undefined ? undefined : upstreamIssuer(connection),
    upstream: resource?.upstream,
    pid,
  });
}

type Style = Parameters<typeof styleText>[0];

/** The link for whoever is to administer first. */
interface FirstLink {
  readonly link: string;
  readonly workspace: string;
  readonly role: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

interface Occasion {
  readonly demonstration: boolean;
  readonly colours: boolean;
  /** Null where somebody administers, or can. */
  readonly first: FirstLink | null;
}

const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });

/** The same for a person: what to paste where. */
export function welcome(config: Config, { demonstration, colours, first }: Occasion): string {
  const paint = (style: Style, text: string) => (colours ? styleText(style, text) : text);
  const lines = [paint('bold', `Drawbridge is at ${config.issuer}`), ''];
  for (const { name, identifier, id } of config.resources) {
    lines.push(`  ${name}: paste this address into an MCP client`, `    ${paint('cyan', identifier)}`);
    lines.push('  or, for Claude Code:', `    ${paint('cyan', `claude mcp add --transport http ${id} ${identifier}`)}`, '');
  }
  if (first !== null) {
    lines.push(`  Nobody administers ${first.workspace} yet. Whoever opens this link first and signs in becomes ${first.role}:`);
    lines.push(
      `    ${paint('cyan', first.link)}`,
      `  It works once, until ${clockTime.format(first.expiresAt)} UTC; the next start makes another.`,
      '',
    );
  }
  if (demonstration) {
    lines.push('  Everybody’s password is demo. Sign in as');
    lines.push('    alice   Acme (editor) and, with a one-time code, Globex (viewer)', '    bob     Globex (viewer), with a one-time code');
    lines.push('    carol   Acme (administrator)', '    erin    Initech (viewer)', '    dave    nowhere: he is told so', '');
  }
  lines.push(paint('dim', '  Ctrl-C ends it.'));
  return lines.join('\n');
}
