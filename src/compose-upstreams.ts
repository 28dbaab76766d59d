import { abilitiesOf } from './config/connection-abilities.ts';
import { upstreamSetup } from './config/connection-schema.ts';
import { isLoopbackUrl } from './config/fields.ts';
import type { Config } from './config/schema.ts';
import type { ConnectorType } from './connectors/registry.ts';
import { connectorTypes } from './connectors/registry.ts';
import { ConnectionId } from './domain/ids.ts';
import { callbackPath } from './http/login/callback.ts';
import { openGuardedFetch } from './platform/guarded-fetch.ts';
import { readLocalFile } from './platform/local-file.ts';
import { oneAtATime } from './platform/one-at-a-time.ts';
import { readDate } from './platform/system-clock.ts';
import type { AnyConnector } from './ports/connector.ts';
import type { Clock } from './ports/clock.ts';
import type { OutboundFetch } from './ports/document-fetcher.ts';
import type { Entropy } from './ports/entropy.ts';
import type { Examinable, Examinations } from './ports/examinations.ts';

/** A configured upstream as its connector is given it, and the one way out to it. */
export interface Upstream {
  readonly kind: ConnectorType;
  readonly settings: unknown;
  readonly fetch: OutboundFetch;
}

/** Sign-ins that follow one another share a connection to the identity provider; less than servers commonly keep one open (ms). */
const connectionReuse = 4_000;

/** A client without a secret or key says so. */
const withSecret = <Settings extends object>(settings: Settings) =>
  'client_id' in settings ? { client_secret: null, clientKey: null, ...settings } : settings;

export function upstreamOf({ issuer }: Config, connection: Config['connections'][number]): Upstream {
  // When it is asked again, who was provisioned and what follows when it does not tell groups is for our flows, that it will be asked for the sign-in.
  const {
    type,
    subline: _subline,
    domains: _domains,
    newPeople: _newPeople,
    provisioning: _provisioning,
    unknownGroups: _unknown,
    tlsCaFile,
    recheck,
    ...settings
  } = connection;
  const kind = connectorTypes[type];
  if (kind === undefined) throw new Error(`there is no kind of connection called ${type}`);
  const ca = tlsCaFile === undefined ? {} : { ca: readLocalFile(tlsCaFile).toString('utf8') };
  const { fetch } = openGuardedFetch({ loopback: isLoopbackUrl(issuer), privateNetworks: true, reuseMs: connectionReuse, ...ca });
  const redirect_uri = `${issuer}${callbackPath(settings.id)}`;
  return { kind, settings: { ...withSecret(settings), ...(recheck === undefined ? {} : { isAskedAgain: true }), redirect_uri }, fetch };
}

export function openConnectors(config: Config, clock: Clock): Map<AnyConnector['id'], AnyConnector> {
  return new Map(
    config.connections.map((connection) => {
      const { kind, settings, fetch } = upstreamOf(config, connection);
      const connector = kind.open(settings, { clock, fetch });
      return [connector.id, connector];
    }),
  );
}

interface ExaminationParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Whether our credential may be tried; false where it is known to another process alone. */
  readonly triesCredential: boolean;
  /** For everything the identity provider is asked, together (ms); null leaves it to each request. */
  readonly longest: number | null;
}

/** Whatever is asked is over by then. */
const until =
  (fetch: OutboundFetch, deadline: AbortSignal): OutboundFetch =>
  (url, request) =>
    fetch(url, { ...request, signal: request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline]) });

/** A configured connection as it can be looked at without a person. */
export function examinableOf(config: Config, connection: Config['connections'][number], parts: ExaminationParts): Examinable {
  const { longest, ...tools } = parts;
  const { kind: type, settings, fetch } = upstreamOf(config, connection);
  const redirect_uri = `${config.issuer}${callbackPath(connection.id)}`;
  const { kind, issuer } = upstreamSetup(connection, redirect_uri);
  const examine = async () => {
    const bounded = longest === null ? fetch : until(fetch, AbortSignal.timeout(longest));
    return type.examine(settings, { ...tools, fetch: bounded, readDate });
  };
  return { kind, issuer, redirect_uri, abilities: abilitiesOf(connection), examine: oneAtATime(examine) };
}

/** Less than a program waits for its answer (ms). */
const longestExamination = 8_000;

export const openExaminations = (config: Config, outside: Pick<ExaminationParts, 'clock' | 'entropy'>): Examinations =>
  new Map(
    config.connections.map((connection) => [
      ConnectionId.parse(connection.id),
      examinableOf(config, connection, { ...outside, triesCredential: true, longest: longestExamination }),
    ]),
  );
