import { sameText } from './digest.ts';
import { GrantId } from './ids.ts';
import type { Mac } from './sealed-client.ts';
import { Secret } from './secret.ts';

const codeShape = /^db_ac_([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;
const refreshShape = /^db_rt_([A-Za-z0-9_-]{22})\.([1-9]\d{0,14})\.([A-Za-z0-9_-]{43})$/;

/** The authorization code of a grant: derived, so that it is stored nowhere and a second press of Approve gives the same one. */
export function codeOf(grantId: GrantId, mac: Mac): Secret<'code'> {
  return new Secret(`db_ac_${grantId}.${mac('code', grantId)}`);
}

export function readCode(text: string, mac: Mac): GrantId | null {
  const parts = codeShape.exec(text);
  const [id, tag] = [parts?.[1], parts?.[2]];
  if (id === undefined || tag === undefined || !sameText(mac('code', id), tag)) return null;
  return GrantId.parse(id);
}

/** The refresh token of one generation of a grant: derived, not stored, so whoever holds the predecessor can be given the same one again. */
export function refreshTokenOf(grantId: GrantId, generation: number, mac: Mac): Secret<'refresh_token'> {
  return new Secret(`db_rt_${grantId}.${generation}.${mac('refresh_token', `${grantId}.${generation}`)}`);
}

export function readRefreshToken(text: string, mac: Mac): { grantId: GrantId; generation: number } | null {
  const parts = refreshShape.exec(text);
  const [id, generation, tag] = [parts?.[1], parts?.[2], parts?.[3]];
  if (id === undefined || generation === undefined || tag === undefined) return null;
  if (!sameText(mac('refresh_token', `${id}.${generation}`), tag)) return null;
  return { grantId: GrantId.parse(id), generation: Number(generation) };
}
