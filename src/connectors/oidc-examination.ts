import type * as oidc from 'openid-client';
import type { Check } from '../domain/connection-check.ts';
import { judgeClock, listed, notRun, ok, problem, repeated, warning } from '../domain/connection-check.ts';
import { LoginRefused } from '../ports/connector.ts';
import { examineClient } from './client-examination.ts';
import { openDiscovery } from './oidc-discovery.ts';
import { keySetFetch } from './oidc-fetch.ts';
import { asLoginRefused } from './oidc-refusals.ts';
import { OidcSettings, type OidcSettingsInput } from './oidc-settings.ts';
import { observe, type ObservedFetch } from './observed-fetch.ts';
import type { ExaminationTools } from './tools.ts';

type Document = Readonly<Record<string, unknown>>;

/** Everything that can be told about an OpenID provider and us as its client without a person. At most one request reaches its token endpoint. */
export async function examineOidc(given: OidcSettingsInput, tools: ExaminationTools): Promise<Check[]> {
  const settings = OidcSettings.parse(given);
  const seen = observe(tools.fetch, tools.clock, tools.readDate);
  const address = discoveryAddress(settings.issuer);
  const learned = await openDiscovery(settings, { clock: tools.clock, fetch: seen.fetch })
    .configuration()
    .catch((error: unknown) => asLoginRefused('discovery', error));
  const document = documentAt(seen, address);
  const found = examineDiscovery(settings, { address, document, status: seen.answerOf(address)?.status ?? null, learned });
  if (learned instanceof LoginRefused) {
    const rest = (['keys', 'client'] as const).map((check) => notRun(check, 'It has to be found and understood first.'));
    return [...found, ...rest, judgeClock(seen.ahead()), returnAddress(settings)];
  }
  const keys = await examineKeys(learned.serverMetadata().jwks_uri ?? '', settings, seen);
  const client = tools.triesCredential
    ? await examineClient(learned, settings, tools.entropy)
    : [notRun('client', 'The credential of the demonstration is known to the running process alone.')];
  const clock = judgeClock(seen.ahead());
  const isPushed = client.some(({ check }) => check === 'return-address');
  return [
    ...found,
    ...features(document),
    algorithms(document, settings),
    keys,
    ...client,
    clock,
    ...(isPushed ? [] : [returnAddress(settings)]),
  ];
}

/** OpenID Connect Discovery §4. */
const discoveryAddress = (issuer: string): string => `${new URL(issuer).href.replace(/\/$/, '')}/.well-known/openid-configuration`;

function documentAt(seen: ObservedFetch, address: string): Document {
  try {
    const document: unknown = JSON.parse(seen.answerOf(address)?.text ?? '');
    return typeof document === 'object' && document !== null && !Array.isArray(document) ? { ...document } : {};
  } catch {
    return {};
  }
}

interface Found {
  readonly address: string;
  readonly document: Document;
  readonly status: number | null;
  readonly learned: oidc.Configuration | LoginRefused;
}

/** Whether it answers, whether it is the one that was named, and whether its addresses may be used. */
function examineDiscovery({ issuer, issuerTemplate }: OidcSettings, { address, document, status, learned }: Found): Check[] {
  const { host } = new URL(issuer);
  if (status === null) {
    const why = learned instanceof LoginRefused ? ` (${learned.reason})` : '';
    const todo = 'Check the address, DNS, the firewall and any proxy between us; tlsCaFile names a private certificate authority.';
    return [problem('discovery', `${host} does not answer${why}.`, todo)];
  }
  if (status !== 200 || document['issuer'] === undefined) {
    const what = status === 200 ? 'what is there is not a discovery document' : `the answer is ${status}`;
    return [
      problem(
        'discovery',
        `${address} was asked, and ${what}.`,
        'Copy the issuer from its console; a path or a closing slash may be missing.',
      ),
    ];
  }
  const answered = ok('discovery', `${host} answers.`);
  const expected = issuerTemplate ?? issuer;
  if (document['issuer'] !== expected) {
    const says = `It calls itself “${repeated(document['issuer'])}”, and we expect “${expected}”.`;
    return [
      answered,
      problem(
        'issuer',
        says,
        'Configure the issuer exactly as it calls itself, letter for letter, the closing slash too, if that is who you mean.',
      ),
    ];
  }
  const named = ok('issuer', 'The name it gives itself is the one configured, letter for letter.');
  if (!(learned instanceof LoginRefused)) return [answered, named, ok('endpoints', 'Its addresses may be used.')];
  // Reading our own key comes before any use of it.
  if (learned.reason.startsWith('clientKey'))
    return [
      answered,
      named,
      problem('client', `Our own key cannot be used (${learned.reason}).`, 'Configure a private key that fits alg.'),
    ];
  const todo = 'Ask its administrators: the document has to name https addresses that leave our parameters to us.';
  return [answered, named, problem('endpoints', `Its discovery document cannot be relied on (${learned.reason}).`, todo)];
}

const offers: readonly (readonly [string, string, (value: unknown) => boolean])[] = [
  ['pushed_authorization_request_endpoint', 'pushed requests', (value) => typeof value === 'string'],
  ['claims_parameter_supported', 'the claims parameter', (value) => value === true],
  ['authorization_response_iss_parameter_supported', 'its name in the answer (iss)', (value) => value === true],
  ['backchannel_logout_supported', 'back-channel logout', (value) => value === true],
];

function features(document: Document): Check[] {
  const has = offers.filter(([name, , offered]) => offered(document[name])).map(([, words]) => words);
  const lacks = offers.filter(([name, , offered]) => !offered(document[name])).map(([, words]) => words);
  const said = [
    ...(has.length > 0 ? [`It offers ${listed(has)}`] : []),
    ...(lacks.length > 0 ? [`does not say that it offers ${listed(lacks)}`] : []),
  ];
  return [ok('features', `${said.join('; it ').replace(/^does/, 'It does')}.`)];
}

function algorithms(document: Document, { allowedAlgorithms }: OidcSettings): Check {
  const value = document['id_token_signing_alg_values_supported'];
  const theirs = Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
  const common = allowedAlgorithms.filter((alg) => theirs.includes(alg));
  const ours = listed(allowedAlgorithms);
  if (theirs.length === 0)
    return warning('algorithms', `It does not say how it signs; we accept ${ours}.`, 'Try a sign-in before you rely on it.');
  const todo = `Have it sign ID tokens for us with one of these, or list its algorithm in allowedAlgorithms if it is one with a public key.`;
  if (common.length === 0)
    return problem('algorithms', `It signs with ${repeated(listed(theirs.slice(0, 10)))}, and we accept ${ours}.`, todo);
  return ok('algorithms', `It can sign with ${listed(common)}, which we accept.`);
}

/** RFC 7518 §3.1 and RFC 8037 §3.1: the type of key each algorithm takes. */
const keyType = (alg: string): string => (/^[RP]S/.test(alg) ? 'RSA' : alg.startsWith('ES') ? 'EC' : 'OKP');

async function examineKeys(jwks_uri: string, settings: OidcSettings, seen: ObservedFetch): Promise<Check> {
  const todo = 'Ask its administrators whether it publishes a public key for signatures; until then nobody can sign in.';
  try {
    const signal = AbortSignal.timeout(settings.timeoutSeconds * 1000);
    const request = { method: 'GET', headers: { accept: 'application/json' }, redirect: 'manual', signal } as const;
    const { keys } = (await (await keySetFetch(seen.fetch)(jwks_uri, request)).json()) as { keys: Document[] };
    const { allowedAlgorithms } = settings;
    const fits = (key: Document) =>
      allowedAlgorithms.filter((alg) => (key['alg'] === undefined ? keyType(alg) === key['kty'] : alg === key['alg']));
    const usable = keys.filter((key) => fits(key).length > 0);
    if (usable.length === 0) {
      const says = `It publishes ${keys.length === 0 ? 'no key' : `${keys.length} keys, and none`} that we could check its signatures with.`;
      return problem('keys', says, todo);
    }
    const algs = allowedAlgorithms.filter((alg) => usable.some((key) => fits(key).includes(alg)));
    return ok(
      'keys',
      `It publishes ${usable.length === 1 ? 'one key' : `${usable.length} keys`} to check its signatures with (${algs.join(', ')}).`,
    );
  } catch (error) {
    return problem('keys', `Its keys cannot be had (${asLoginRefused('keys', error).reason}).`, todo);
  }
}

const returnAddress = ({ redirect_uri }: OidcSettings): Check =>
  notRun('return-address', `Only a sign-in shows whether it takes our return address, which has to be there exactly as ${redirect_uri}`);
