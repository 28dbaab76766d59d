import type { Context, Middleware } from 'koa';

/** For pages: nothing but our own stylesheet and images. `form-action` is left out because browsers apply it to the redirect that follows a form, which here leads to the client. CSP 3 §6.4.2. */
export const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/** What every answer says unless its route says otherwise: it is nobody's to keep, frame, sniff or refer to. */
export const safeHeaders = (secure: boolean): Middleware => {
  const headers = Object.entries({
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Content-Security-Policy': pagePolicy,
    'Cross-Origin-Opener-Policy': 'same-origin',
    ...(secure ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
  });
  return (ctx, next) => {
    for (const [name, value] of headers) ctx.res.setHeader(name, value);
    return next();
  };
};

/** Refuses requests meant for another host, so that nothing is ever built from what they claim. RFC 9110 §7.4. */
export const onlyOurHost = (issuer: string): Middleware => {
  const { host } = new URL(issuer);
  return (ctx, next) => {
    const hosts = ctx.req.rawHeaders.filter((_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === 'host');
    const target = ctx.req.url ?? '';
    if (hosts.length !== 1 || hosts[0]?.toLowerCase() !== host || !target.startsWith('/') || target.startsWith('//')) {
      ctx.status = 421;
      ctx.body = { error: 'misdirected_request', error_description: 'This server answers under its own address only.' };
      return undefined;
    }
    return next();
  };
};

const preflightHeaders = 'Content-Type, Authorization, MCP-Protocol-Version, DPoP';

/** Lets browser-based clients read an endpoint that takes no cookies. Fetch standard, "CORS protocol". */
export function allowCrossOrigin(ctx: Context, methods: string): void {
  ctx.set({ 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'WWW-Authenticate' });
  if (ctx.method !== 'OPTIONS') return;
  ctx.set({ 'Access-Control-Allow-Methods': methods, 'Access-Control-Allow-Headers': preflightHeaders, 'Access-Control-Max-Age': '600' });
  ctx.status = 204;
}
