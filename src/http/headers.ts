import type { Middleware } from 'koa';
import type { Fields, Incoming } from './exchange.ts';

/** For pages: nothing but our own stylesheet and images. `form-action` is left out because browsers apply it to the redirect that follows a form, which here leads to the client. CSP 3 §6.4.2. */
export const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/** For pages with the one script of ours on them. */
export const scriptedPagePolicy = `${pagePolicy}; script-src 'self'`;

/** What every answer says unless its route says otherwise: it is nobody's to keep, frame, sniff or refer to. */
export const safeFields = (secure: boolean, cacheControl = 'no-store'): Fields =>
  Object.entries({
    'Cache-Control': cacheControl,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Content-Security-Policy': pagePolicy,
    'Cross-Origin-Opener-Policy': 'same-origin',
    ...(secure ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
  }).flat();

export const safeHeaders = (secure: boolean): Middleware => {
  const fields = safeFields(secure);
  return (ctx, next) => {
    for (let index = 0; index < fields.length; index += 2) ctx.res.setHeader(fields[index] ?? '', fields[index + 1] ?? '');
    return next();
  };
};

/** The values a header came with, one by one: node joins or drops what came more than once. */
export function valuesOf({ req: { rawHeaders } }: Incoming, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index] ?? '';
    if (field.length === name.length && field.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
}

export const misdirected = { error: 'misdirected_request', error_description: 'This server answers under its own address only.' };

/** Whether a request means our host, so that nothing is ever built from what it claims. RFC 9110 §7.4. */
export const openHostCheck = (issuer: string): ((incoming: Incoming) => boolean) => {
  const { host } = new URL(issuer);
  return (incoming) => {
    const [named, ...more] = valuesOf(incoming, 'host');
    const target = incoming.req.url ?? '';
    return more.length === 0 && named?.toLowerCase() === host && target.startsWith('/') && !target.startsWith('//');
  };
};

const readableByAll = ['Access-Control-Allow-Origin', '*', 'Access-Control-Expose-Headers', 'WWW-Authenticate'];
const preflightHeaders = 'Content-Type, Authorization, MCP-Protocol-Version, DPoP';

/** Lets browser-based clients read an endpoint that takes no cookies. Fetch standard, "CORS protocol". */
export const crossOrigin = (methods: string): { readonly answer: Fields; readonly preflight: Fields } => ({
  answer: readableByAll,
  preflight: [
    ...readableByAll,
    'Access-Control-Allow-Methods',
    methods,
    'Access-Control-Allow-Headers',
    preflightHeaders,
    'Access-Control-Max-Age',
    '600',
  ],
});
