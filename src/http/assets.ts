import { sha256 } from '../domain/digest.ts';
import { passkeyScript } from '../pages/passkey-script.ts';
import { stylesheet } from '../pages/stylesheet.ts';
import type { Route } from './endpoint.ts';

/** The organisation's picture, under an address that changes with it. */
export interface Logo {
  readonly path: string;
  readonly type: 'image/png' | 'image/svg+xml';
  readonly bytes: Buffer;
}

export function openLogo(bytes: Buffer, type: Logo['type']): Logo {
  const ending = type === 'image/png' ? 'png' : 'svg';
  return { path: `/assets/logo-${sha256(bytes).slice(0, 16)}.${ending}`, type, bytes };
}

/** What pages refer to; the digest in each name lets browsers keep it for ever. A picture that is opened by itself runs nothing: the policy of every answer forbids it. */
export const assetRoutes =
  (logo: Logo | null): Route =>
  (router) => {
    const assets = [
      { ...stylesheet, type: 'text/css; charset=utf-8' },
      { ...passkeyScript, type: 'text/javascript; charset=utf-8' },
      ...(logo === null ? [] : [logo]),
    ];
    for (const { path, type, bytes } of assets) {
      router.get(path, (ctx) => {
        ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
        ctx.type = type;
        ctx.body = bytes;
      });
    }
  };
