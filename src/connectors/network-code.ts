/** Why there was no answer, as one of the system's own words; whatever else an error says may quote an address or a secret. */
export function networkCode(error: unknown): string {
  for (let e = error, depth = 0; e instanceof Error && depth < 4; e = e.cause, depth += 1) {
    if ('code' in e && typeof e.code === 'string' && /^[A-Z0-9_]{1,60}$/.test(e.code)) return e.code;
  }
  const isTimeout = typeof error === 'object' && error !== null && 'name' in error && error.name === 'TimeoutError';
  return isTimeout ? 'timed out' : 'no answer';
}
