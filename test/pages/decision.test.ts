/** What the pages promise about order, warnings and ticks, judged on the markup. */
import { describe, expect, it } from '@jest/globals';
import { beforeSignIn, samples as signIn } from '../../src/pages/before-sign-in.ts';
import type { BeforeSignInView } from '../../src/pages/before-sign-in.ts';
import { consent, samples as decisions } from '../../src/pages/consent.ts';
import type { ConsentView } from '../../src/pages/consent-view.ts';
import { catalogue } from '../support/pages-catalogue.ts';

const signInSample = (name: string): BeforeSignInView => {
  const view = signIn[name];
  if (view === undefined) throw new Error(name);
  return view;
};
const decisionSample = (name: string): ConsentView => {
  const view = decisions[name];
  if (view === undefined) throw new Error(name);
  return view;
};
const warnings = (markup: string): number => [...markup.matchAll(/class="notice (warn|bad)"/g)].length;

describe('before sign-in', () => {
  it('names who asks, what for, and where the answer goes before the first button [A3.19]', () => {
    const markup = beforeSignIn(signInSample('this-computer')).toString();
    const firstButton = markup.indexOf('<button');
    for (const fact of ['Lantern Code', 'lantern.example', 'Acme Billing', 'localhost:53682']) {
      expect(markup.indexOf(fact)).toBeGreaterThan(0);
      expect(markup.indexOf(fact)).toBeLessThan(firstButton);
    }
  });

  it('warns once when the answer stays on this computer, and not at all when it goes to the app’s own site [A3.20]', () => {
    expect(beforeSignIn(signInSample('this-computer')).toString()).toContain('Did you just start this in Lantern Code?');
    expect(warnings(beforeSignIn(signInSample('own-site')).toString())).toBe(0);
  });

  it.each(Object.keys(signIn))('%s has at most one warning', (name) => {
    expect(warnings(beforeSignIn(signInSample(name)).toString())).toBeLessThanOrEqual(1);
  });

  it('quotes an unverified name, fills no door for it, and offers to stop before the doors', () => {
    const markup = beforeSignIn(signInSample('unverified')).toString();
    expect(markup).toContain('“Paperclip Helper”');
    expect(markup).not.toContain('door filled');
    expect(markup.indexOf('action="/stop"')).toBeLessThan(markup.indexOf('action="/login/'));
    expect(beforeSignIn(signInSample('this-computer')).toString()).toContain('door filled');
  });
});

describe('the decision', () => {
  it('never ticks what changes data, whatever it is told', () => {
    const base = decisionSample('everyday');
    const scopes = base.scopes.map((scope) => ({ ...scope, state: 'ticked' as const, changes: true }));
    expect(consent({ ...base, scopes }).toString()).not.toMatch(/<input[^>]* checked/);
    expect(consent({ ...base, scopes: scopes.map((scope) => ({ ...scope, changes: false })) }).toString()).toMatch(/<input[^>]* checked/);
  });

  it('prints the host that gets the answer, in full, twice [A3.19] [S1.03]', () => {
    const host = `${'very-'.repeat(30)}long.example`;
    const markup = consent({ ...decisionSample('everyday'), returnTo: { kind: 'web', host, own: true } }).toString();
    expect(markup.split(`<code>${host}</code>`)).toHaveLength(3);
  });

  it('says which workspace its permissions were shown for', () => {
    const [decisionForm] = /<form method="post" action="\/decide">[\s\S]*?<\/form>/.exec(
      consent(decisionSample('everyday')).toString(),
    ) ?? [''];
    expect(decisionForm).toContain('<input type="hidden" name="shown_tenant" value="acme-inc" />');
  });

  it('offers no box for what is unavailable, and says why beside it', () => {
    const markup = consent(decisionSample('everyday')).toString();
    expect(markup).toContain('value="invoices.read"');
    expect(markup).not.toContain('value="refunds.write"');
    expect(markup).toContain('refunds need the Finance role');
  });

  it('shows what is held already as text, and six tools before the rest', () => {
    const markup = consent(decisionSample('more-asked')).toString();
    expect(markup).not.toContain('value="invoices.read"');
    expect(markup).toContain('Look at invoices and customers');
    expect(markup).toMatch(/report_6<[\s\S]*and 9 more[\s\S]*report_7</);
  });

  it('keeps Approve and Deny side by side, both enabled, with the words it was given', () => {
    const markup = consent(decisionSample('changed')).toString();
    expect(markup).toMatch(/value="approve">\s*Allow\s*<\/button\s*>\s*<button class="button" name="decision" value="deny">\s*Cancel\s*</);
  });
});

describe('every page', () => {
  const headings = (markup: string): number[] => [...markup.matchAll(/<h([1-6])[\s>]/g)].map(([, level]) => Number(level));

  it.each(catalogue)('$name has one h1, first in the main part, and headings in order', ({ markup }) => {
    const [first, ...others] = headings(markup.slice(markup.indexOf('<main')));
    expect(first).toBe(1);
    expect(others.every((level) => level === 2)).toBe(true);
    expect(headings(markup)).toHaveLength(others.length + 1);
  });

  it.each(catalogue)('$name carries the one-time value in every form, and changes nothing by a link', ({ markup }) => {
    for (const form of markup.match(/<form[\s\S]*?<\/form>/g) ?? []) {
      expect(form).toMatch(/^<form method="post"/);
      expect(form).toMatch(/<input type="hidden"/);
    }
  });
});
