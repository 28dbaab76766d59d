import { z } from 'zod';

/** What an upstream said in one place, by the names it uses. */
export interface Said {
  readonly from: 'ID token' | 'userinfo' | 'access token' | 'group lookup';
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The same for whoever sets the connection up: a claim's text is null where its value is nobody's to read. */
export const ReceivedClaims = z.object({
  from: z.enum(['ID token', 'userinfo', 'access token', 'group lookup']),
  claims: z.array(z.object({ name: z.string(), text: z.string().nullable() })),
  /** How many more there were. */
  more: z.number(),
});
export type ReceivedClaims = z.infer<typeof ReceivedClaims>;

const mostClaims = 60;
const longestName = 60;
const longestText = 160;

/** What ties one exchange together, and names by which secrets go: nobody sets up a connection by them. */
const isPrivate = (name: string): boolean =>
  /^(nonce|jti|sid|session_id|aio|rh|uti)$|(^|_)(hash|token|secret|password|key|otp)s?$/i.test(name);

/** A token inside a token could be used by whoever reads it. RFC 7519 §3. */
const isToken = (text: string): boolean => /\beyJ[\w-]+\.[\w-]+\./.test(text);

/** Enough of both ends to compare by. */
function shortened(text: string, longest: number): string {
  const characters = [...text];
  if (characters.length <= longest) return text;
  return `${characters.slice(0, longest - 21).join('')}…${characters.slice(-20).join('')}`;
}

function textOf(name: string, value: unknown): string | null {
  const text = typeof value === 'string' ? value : JSON.stringify(value, (key, part: unknown) => (isPrivate(key) ? '(not shown)' : part));
  return isPrivate(name) || isToken(text) ? null : shortened(text, longestText);
}

/** What may be shown of it: in the order it came, shortened, without what could be used. */
export const receivedClaims = ({ from, claims }: Said): ReceivedClaims => {
  const entries = Object.entries(claims).filter(([, value]) => value !== undefined);
  return {
    from,
    claims: entries.slice(0, mostClaims).map(([name, value]) => ({ name: shortened(name, longestName), text: textOf(name, value) })),
    more: Math.max(0, entries.length - mostClaims),
  };
};
