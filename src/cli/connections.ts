import { upstreamSetup } from '../config/connection-schema.ts';
import type { Config } from '../config/schema.ts';

/** One connection as whoever sets it up at the identity provider needs it. */
export interface SetupSheet {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly issuer: string;
  readonly redirect_uri: string;
  readonly steps: readonly string[];
}

/** Every configured connection with the exact address to paste there. `callbackPath` is where answers come in. */
export const setupSheets = (config: Config, callbackPath: (id: string) => string): SetupSheet[] =>
  config.connections.map((connection) => {
    const redirect_uri = `${config.issuer}${callbackPath(connection.id)}`;
    return { id: connection.id, name: connection.name, ...upstreamSetup(connection, redirect_uri), redirect_uri };
  });

/** The same for a person. */
export const setupLines = (sheets: readonly SetupSheet[]): string[] =>
  sheets.flatMap(({ id, name, kind, issuer, redirect_uri, steps }) => [
    `${id}: ${name}, ${kind}`,
    `  issuer        ${issuer}`,
    `  redirect URI  ${redirect_uri}`,
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    '',
  ]);
