import type { Context } from 'koa';
import { sha256 } from '../domain/digest.ts';
import type { Entropy } from '../ports/entropy.ts';

/** The browser that a sign-in belongs to: a random value that only its cookie holds, known to the store by its digest. */
export interface Browser {
  /** SHA-256 of the cookie. */
  readonly digest: string;
}

const shape = /^[A-Za-z0-9_-]{43}$/;

export interface BrowserCookie {
  /** The browser of this request; null when its cookie is missing, malformed or there twice. */
  read(ctx: Context): Browser | null;
  /** The browser of this request, given a cookie if it had none. */
  establish(ctx: Context): Browser;
}

/** RFC 6265bis §4.1.3.2: the `__Host-` prefix keeps sibling hosts from setting it; on plain loopback http browsers refuse the prefix. */
export function browserCookie(entropy: Entropy, secure: boolean): BrowserCookie {
  const name = secure ? '__Host-drawbridge' : 'drawbridge';
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;

  function valueOf(ctx: Context): string | null {
    const pairs = (ctx.get('cookie') || '').split(';').map((pair) => pair.trim());
    const values = pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
    const [value] = values;
    return values.length === 1 && value !== undefined && shape.test(value) ? value : null;
  }

  const read = (ctx: Context): Browser | null => {
    const value = valueOf(ctx);
    return value === null ? null : { digest: sha256(value) };
  };

  return {
    read,
    establish: (ctx) => {
      const known = read(ctx);
      if (known !== null) return known;
      const value = entropy.secret();
      ctx.append('Set-Cookie', `${name}=${value}; ${attributes}`);
      return { digest: sha256(value) };
    },
  };
}
