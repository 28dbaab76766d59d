import type { ClaimsSample, ConnectionKind } from '../../src/connectors/kinds/kind.ts';
import { kindOf } from '../../src/connectors/kinds/known.ts';
import { connectorTypes } from '../../src/connectors/registry.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import type { UpstreamAttempt } from '../../src/domain/upstream-attempt.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { Connector, KnownSubject, Rechecked } from '../../src/ports/connector.ts';
import type { OutboundRequest } from '../../src/ports/document-fetcher.ts';
import { signToken, type HostileIdp, type Script } from '../support/hostile-idp.ts';
import { attempt, clock, settingsFor } from './support.ts';
import { secondFactor } from '../support/assurance.ts';

type Json = Record<string, unknown>;

/** A connector of one kind whose vendor is, behind its real host names, the scriptable identity provider. */
export interface Vendor {
  readonly connector: Connector;
  readonly issuer: string;
  /** Every host that was asked. */
  readonly hosts: ReadonlySet<string>;
  /** One whole login with these claims; the script bends it further. */
  login(claims: Json, script?: Script, trip?: UpstreamAttempt): Promise<VerifiedIdentity>;
  /** What the vendor was asked at its authorization endpoint. */
  asked(trip?: UpstreamAttempt): Promise<Record<string, string>>;
  /** What is made of this answer to a refresh token of somebody known. */
  renewed(known: Pick<KnownSubject, 'subject'>, status: number, body: Json): Promise<Rechecked>;
  /** An ID token as the vendor would give it with such an answer. */
  idToken(claims: Json): Promise<string>;
}

const discoveryPath = '/.well-known/openid-configuration';

export function openVendor(type: string, idp: HostileIdp, settings?: Json, client: Json = {}): Vendor {
  const kind = kindOf(type);
  const given = settings ?? kind.example;
  const { issuer, issuerTemplate } = kind.profile(given);
  const base = issuer.replace(/\/$/, '');
  const hosts = new Set<string>();
  const { id, name, client_id, client_secret, redirect_uri } = settingsFor(idp);
  const fetchFromFake = (url: string, request: OutboundRequest): Promise<Response> => {
    const { host, pathname } = new URL(url);
    hosts.add(host);
    // A directory of the test stands where the settings say.
    if (host.startsWith('127.0.0.1:')) return fetch(url, request as RequestInit);
    const path = pathname.endsWith(discoveryPath) ? discoveryPath : `/${pathname.split('/').at(-1) ?? ''}`;
    return fetch(`${idp.issuer}${path}`, request as RequestInit);
  };
  const us = { id, name, client_id, client_secret, redirect_uri, ...client };
  const connector = connectorTypes[type]?.open({ ...us, ...given }, { clock, fetch: fetchFromFake });
  if (connector === undefined || 'answer' in connector) throw new Error(`no kind ${type}`);

  const issuerOf = ({ tid }: Json): string => (issuerTemplate ?? issuer).replace('{tenantid}', String(tid));

  /** What the vendor would say of itself, and claims with its issuer, unless these bring their own. */
  function follow(claims: Json, script: Script): Script {
    const iss = issuerOf(claims);
    const endpoints = { authorization_endpoint: `${base}/authorize`, token_endpoint: `${base}/token`, jwks_uri: `${base}/jwks` };
    const itself = (document: Json): Json => ({
      ...document,
      ...endpoints,
      issuer: issuerTemplate ?? issuer,
      userinfo_endpoint: `${base}/userinfo`,
      authorization_response_iss_parameter_supported: false,
    });
    return {
      ...script,
      discovery: (document) => (script.discovery ?? ((same) => same))(itself(document)),
      claims: (honest) => (script.claims ?? ((same) => same))({ ...honest, iss, ...claims }),
      answer: (answer) => {
        answer.delete('iss');
        script.answer?.(answer);
      },
    };
  }

  return {
    connector,
    issuer,
    hosts,
    async login(claims, script = {}, trip = attempt()) {
      idp.script = follow(claims, script);
      return connector.complete(idp.visit(await connector.begin(trip)), trip);
    },
    async asked(trip = attempt({ demand: secondFactor.demand })) {
      idp.script = follow({}, {});
      return Object.fromEntries((await connector.begin(trip)).searchParams);
    },
    async renewed({ subject }, status, body) {
      const headers = { 'content-type': 'application/json' };
      idp.script = follow(
        {},
        { raw: { '/token': (_request, response) => void response.writeHead(status, headers).end(JSON.stringify(body)) } },
      );
      const known = { issuer: issuerOf({ tid: subject.split(':')[0] }), subject };
      const answer = await connector.recheck?.(new Secret<'upstream_token'>('CNRYrefresh'), known);
      if (answer === undefined) throw new Error(`${type} cannot be asked again`);
      return answer;
    },
    idToken(claims) {
      const { alg, kid } = idp.key;
      const iat = Math.floor(clock.now() / 1000);
      return signToken({ iss: issuerOf(claims), aud: idp.client_id, iat, exp: iat + 300, ...claims }, { alg, kid }, idp.key);
    },
  };
}

/** The first sample that lets somebody in: what an honest vendor says. */
export function honestClaims(kind: ConnectionKind): Json {
  const sample = kind.samples.find(({ means }) => means !== 'foreign');
  if (sample === undefined) throw new Error(`${kind.type} has no sample that lets somebody in`);
  return sample.claims;
}

export const samplesOf = (kind: ConnectionKind): [string, ClaimsSample][] =>
  kind.samples.map((sample) => [`${sample.what} (${sample.from})`, sample]);
