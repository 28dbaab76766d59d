/** What may stand in a log line, field by field; a name that is not here is dropped, whatever it holds. */
type Reading = (value: unknown) => string | number | boolean | ErrorFacts | undefined;

/** Of an error only what it is and where in our own code it arose: messages and whole stacks quote requests. */
interface ErrorFacts {
  readonly name: string;
  readonly code?: string;
  /** `src/http/body.ts:42`, the innermost frame that is ours. */
  readonly at?: string;
}

function placeOf(stack: unknown): string | null {
  const frame = typeof stack === 'string' ? /\/(src\/[\w/.-]+\.(?:js|ts):\d+)(?::\d+)?\)?$/m.exec(stack) : null;
  return frame?.[1] ?? null;
}

const longest = 500;

const text: Reading = (value) => (typeof value === 'string' ? value.slice(0, longest) : undefined);
const number: Reading = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);
const bare: Reading = (value) => (typeof value === 'string' ? value.replace(/[?#].*$/s, '').slice(0, longest) : undefined);

const error: Reading = (value) => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, code, stack } = value as { name?: unknown; code?: unknown; stack?: unknown };
  const at = placeOf(stack);
  return {
    name: typeof name === 'string' ? name.slice(0, 100) : 'unknown',
    ...(typeof code === 'string' ? { code: code.slice(0, 100) } : {}),
    ...(at === null ? {} : { at: at.slice(0, 120) }),
  };
};

const allowed: Readonly<Record<string, Reading>> = {
  requestId: text,
  reference: text,
  method: text,
  route: bare,
  url: bare,
  status: number,
  ms: number,
  port: number,
  pid: number,
  client_id: bare,
  user: text,
  tenant: text,
  resource: text,
  tool: text,
  connection: text,
  grant: text,
  domain: text,
  reason: text,
  error,
};

export function loggable(fields: object): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const read = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
    const safe = read?.(value);
    if (safe !== undefined) kept[name] = safe;
  }
  return kept;
}
