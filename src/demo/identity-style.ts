import { createHash } from 'node:crypto';

/** The one stylesheet of the demonstration identity provider, written into each page. */
export const style = `
:root { color-scheme: light dark; --ground: #f3f0f7; --surface: #fff; --ink: #1e1a26; --ink-2: #554e63; --line: #dcd6e6; --edge: #766d87;
  --accent: #5a2a9c; --on-accent: #fff; --bad: #a1221d; --bad-wash: #fdecea; }
@media (prefers-color-scheme: dark) { :root { --ground: #131017; --surface: #1c1823; --ink: #efeaf6; --ink-2: #b3aac2; --line: #37303f; --edge: #8b8299;
  --accent: #c9a6ff; --on-accent: #24083f; --bad: #ffa69d; --bad-wash: #361b19; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 24px 16px; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 440px; margin: 0 auto; padding: 24px; background: var(--surface); border: 1px solid var(--line); border-radius: 16px; }
h1 { margin: 0 0 8px; font-size: 24px; line-height: 1.25; }
h2 { margin: 24px 0 8px; font-size: 16px; }
p { margin: 0 0 16px; overflow-wrap: anywhere; }
.quiet, dd { color: var(--ink-2); font-size: 14px; }
label { display: block; margin: 16px 0 4px; font-weight: 600; }
input:not([type=hidden]) { width: 100%; min-height: 48px; padding: 8px 12px; border: 1px solid var(--edge); border-radius: 10px; background: var(--surface);
  color: var(--ink); font: inherit; }
button { width: 100%; min-height: 48px; margin: 24px 0 16px; border: 0; border-radius: 10px; background: var(--accent); color: var(--on-accent); font: inherit;
  font-weight: 650; cursor: pointer; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
.bad { padding: 12px; border-radius: 10px; background: var(--bad-wash); color: var(--bad); font-weight: 600; }
dl { margin: 0; } dt { font-weight: 600; } dd { margin: 0 0 8px; }
output { display: block; font: 600 28px/1.4 ui-monospace, monospace; letter-spacing: .15em; }
footer { max-width: 440px; margin: 16px auto 0; color: var(--ink-2); font-size: 14px; }
`;

const digest = createHash('sha256').update(style).digest('base64');

/**
 * The policy each page is sent with. `form-action` is left open on purpose: browsers apply it to every redirect after a form, and
 * where a sign-in ends is the business of the application that asked. `script-src` is there, and empty, for the one digest
 * oidc-provider adds on a page of its own that submits itself.
 */
export const contentSecurityPolicy = `default-src 'none'; style-src 'sha256-${digest}'; script-src; base-uri 'none'; frame-ancestors 'none'`;
