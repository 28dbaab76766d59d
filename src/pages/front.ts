/** The page at the root: what this is, and the addresses to give an app. */
import { hostile } from './hostile.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { gate, layout } from './layout.ts';
import type { Organisation } from './layout.ts';
import { named } from './names.ts';
import { sampleOrganisation } from './samples.ts';

export interface FrontView {
  organisation: Organisation;
  resources: readonly { name: string; mcpUrl: URL }[];
}

export const front = ({ organisation, resources }: FrontView): Html =>
  layout(
    { title: 'Connect an app', organisation },
    gate(
      html`<h1>Connect an app</h1>
        <p class="lead">
          These MCP servers are reached with your ${named(organisation.name)} sign-in. Give an app the address of one. It opens this site,
          you sign in, and you decide what the app may do.
        </p>
        ${resources.length === 0 ? html`<p>No server is set up yet. ${named(organisation.helpName)} can add one.</p>` : resources.map(server)}`,
      'wide',
    ),
  );

const server = ({ name, mcpUrl }: { name: string; mcpUrl: URL }): Html =>
  html`<section class="server">
    <h2>${named(name)}</h2>
    <p class="hint">Address to paste into the app</p>
    <p class="copy"><code>${mcpUrl}</code></p>
    <p class="hint">Or, in a terminal with Claude Code</p>
    <p class="copy"><code>claude mcp add --transport http ${shortName(name)} ${shellWord(mcpUrl.href)}</code></p>
  </section>`;

/** A name a shell and an MCP client both take as one word. */
const shortName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40) || 'server';

const shellWord = (text: string): string => (/^[\w:/.[\]-]+$/.test(text) ? text : `'${text.replaceAll("'", '%27')}'`);

export const samples: Record<string, FrontView> = {
  two: {
    organisation: sampleOrganisation,
    resources: [
      { name: 'Acme Billing', mcpUrl: new URL('https://login.acme.example/billing/mcp') },
      { name: 'Notes', mcpUrl: new URL('http://localhost:4000/mcp') },
    ],
  },
  none: { organisation: sampleOrganisation, resources: [] },
  hostile: {
    organisation: { ...sampleOrganisation, name: hostile.markup, helpName: hostile.quotes },
    resources: [
      { name: hostile.quotes, mcpUrl: new URL(`https://a.example/'";$(id)<b>?${'x'.repeat(300)}`) },
      { name: hostile.direction, mcpUrl: new URL('https://b.example/mcp') },
    ],
  },
};
