import type { Context } from 'koa';
import { sha256 } from '../domain/digest.ts';
import { transactionLifetime } from '../domain/transaction.ts';
import type { Entropy } from '../ports/entropy.ts';

/** The browser that a sign-in belongs to: a random value that only its cookie holds, known to the store by its digest. */
export interface Browser {
  /** SHA-256 of the cookie. */
  readonly digest: string;
}

const shape = /^[A-Za-z0-9_-]{43}$/;

/** A new secret for a browser: sent once the transaction it is for has been bound to it. */
export interface Renewal extends Browser {
  give(ctx: Context, transaction: string): void;
}

export interface BrowserCookie {
  /** The browser of this request as this transaction knows it; null when its cookie is missing, malformed or there twice. */
  read(ctx: Context, transaction: string): Browser | null;
  /** The browser of this request before anybody has signed in, given a cookie if it had none. */
  establish(ctx: Context): Browser;
  /** RFC 9700 §4.7, session fixation: whoever knew the cookie before a sign-in knows nothing after it. One per transaction, so that tabs do not end each other. */
  renew(value?: string): Renewal;
}

const mostRenewed = 8;

/** RFC 6265bis §4.1.3.2: the `__Host-` prefix keeps sibling hosts from setting it; on plain loopback http browsers refuse the prefix. */
export function browserCookie(entropy: Entropy, secure: boolean): BrowserCookie {
  const name = secure ? '__Host-drawbridge' : 'drawbridge';
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;

  const pairsOf = (ctx: Context) => (ctx.get('cookie') || '').split(';').map((pair) => pair.trim());

  function named(ctx: Context, wanted: string): Browser | 'none' | 'unusable' {
    const values = pairsOf(ctx).filter((pair) => pair.startsWith(`${wanted}=`));
    const value = values[0]?.slice(wanted.length + 1);
    if (value === undefined) return 'none';
    return values.length === 1 && shape.test(value) ? { digest: sha256(value) } : 'unusable';
  }

  const usable = (found: Browser | 'none' | 'unusable') => (typeof found === 'string' ? null : found);

  /** A browser that signs in all day keeps the latest few; the oldest come first. RFC 6265 §5.4. */
  function makeRoom(ctx: Context): void {
    const renewed = pairsOf(ctx).flatMap((pair) => (pair.startsWith(`${name}-`) ? [pair.split('=')[0] ?? ''] : []));
    for (const old of renewed.slice(0, Math.max(0, renewed.length - mostRenewed + 1))) {
      if (/^[\w-]+$/.test(old)) ctx.append('Set-Cookie', `${old}=; ${attributes}; Max-Age=0`);
    }
  }

  return {
    read: (ctx, transaction) => {
      const own = named(ctx, `${name}-${transaction}`);
      return usable(own === 'none' ? named(ctx, name) : own);
    },
    establish: (ctx) => {
      const known = usable(named(ctx, name));
      if (known !== null) return known;
      const value = entropy.secret();
      ctx.append('Set-Cookie', `${name}=${value}; ${attributes}`);
      return { digest: sha256(value) };
    },
    renew: (value = entropy.secret()) => {
      const give: Renewal['give'] = (ctx, transaction) => {
        makeRoom(ctx);
        ctx.append('Set-Cookie', `${name}-${transaction}=${value}; ${attributes}; Max-Age=${transactionLifetime / 1000}`);
      };
      return { digest: sha256(value), give };
    },
  };
}
