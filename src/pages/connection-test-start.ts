/** The page a printed test link leads to: what the test does and does not do, before anything is sent anywhere. */
import { hiddenFields } from './form.ts';
import { hostile } from './hostile.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { gate, layout } from './layout.ts';
import type { Organisation } from './layout.ts';
import { named } from './names.ts';
import { sampleOrganisation } from './samples.ts';

export interface ConnectionTestStartView {
  organisation: Organisation;
  /** What the sign-in button says. */
  connection: string;
  action: string;
  ticket: string;
  csrf: string;
}

export const connectionTestStart = ({ organisation, connection, action, ticket, csrf }: ConnectionTestStartView): Html =>
  layout(
    { title: 'Test a sign-in', organisation },
    gate(
      html`<h1>Test a sign-in</h1>
        <p class="lead">You sign in at ${named(connection)} as yourself, and then see what it told us and what that would mean here.</p>
        <p>Nothing is set up for you, and no app gets anything. The record says that a test was made.</p>
        <p>Continue only if you asked for this test, or know who sent you the link.</p>
        <form method="post" action="${action}">${hiddenFields({ ticket, csrf })}<button class="button main">Sign in to test</button></form>
        <p class="under">The button works once, within 10 minutes of the link being made.</p>`,
    ),
  );

const everyday: ConnectionTestStartView = {
  organisation: sampleOrganisation,
  connection: 'Acme SSO (Okta)',
  action: '/connections/acme-sso/test',
  ticket: 'sample-ticket',
  csrf: 'sample-csrf',
};

export const samples: Record<string, ConnectionTestStartView> = {
  everyday,
  hostile: { ...everyday, connection: hostile.markup, ticket: hostile.quotes },
};
