import type Koa from 'koa';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import { configuration, type DemoClient } from './identity-configuration.ts';
import { interactions } from './identity-interactions.ts';
import { noticePage } from './identity-pages.ts';
import { contentSecurityPolicy } from './identity-style.ts';
import { secondFactors } from './identity-totp.ts';
import { listenOn } from './loopback.ts';

export interface DemoIdpOptions {
  readonly port: number;
  readonly issuerHost?: string;
  /** The address to listen on; loopback when left out. */
  readonly host?: string;
  /** What everybody calls it when a proxy that ends TLS stands in front; that proxy alone may reach it. */
  readonly publicIssuer?: string;
  readonly clients: readonly DemoClient[];
  readonly log?: (line: string) => void;
  /** The clock of the one-time codes, so that a test need not wait half a minute. */
  readonly now?: () => number;
}

export interface DemoIdp {
  readonly issuer: string;
  close(): Promise<void>;
}

/** What every answer carries, and a page instead of a stack when one of our own pages fails. */
function guard(issuer: string): Koa.Middleware {
  const { host } = new URL(issuer);
  return async (ctx, next) => {
    ctx.set({
      'Content-Security-Policy': contentSecurityPolicy,
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    });
    // A name that was made to point here by somebody else's DNS is not ours.
    if (ctx.host !== host) {
      ctx.status = 421;
      ctx.body = noticePage('Wrong address', `This identity provider is at ${issuer}.`);
      return;
    }
    try {
      await next();
    } catch (error) {
      const status = error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500;
      if (status >= 500) ctx.app.emit('error', error, ctx);
      ctx.status = status;
      ctx.type = 'html';
      ctx.body = noticePage('This sign-in page has expired', 'Go back to the application and start again.');
    }
  };
}

/** Starts the demonstration identity provider: real OpenID Connect, invented people, nothing kept when it stops. */
export async function startDemoIdp({
  port,
  issuerHost = 'localhost',
  host,
  publicIssuer,
  clients,
  log = () => {},
  now = Date.now,
}: DemoIdpOptions): Promise<DemoIdp> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = await exportJWK(privateKey);
  const loopback = await listenOn(host, port);
  const issuer = publicIssuer ?? `http://${issuerHost}:${loopback.port}`;
  const idp = new Provider(issuer, configuration(clients, key));
  idp.proxy = publicIssuer !== undefined;
  const complain = (error: Error): void => log(`demonstration identity provider: ${error.message}`);
  const app: Koa = idp;
  app.on('error', complain);
  idp.on('server_error', (_ctx, error) => complain(error));
  const router = interactions(idp, secondFactors(now));
  idp.use(guard(issuer));
  idp.use(router.routes());
  const listener = idp.callback();
  loopback.serve((request, response) => void listener(request, response));
  return { issuer, close: loopback.close };
}
