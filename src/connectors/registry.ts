import { z } from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { AnyConnector } from '../ports/connector.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import type { ConnectionKind } from './kinds/kind.ts';
import { kinds } from './kinds/known.ts';
import { openOidcConnector } from './oidc.ts';
import { clientFields } from './oidc-settings.ts';
import { openSupabaseConnector } from './supabase.ts';
import { SupabaseSettings } from './supabase-settings.ts';

/** What every connector is given to reach the outside. */
export interface ConnectorTools {
  readonly clock: Clock;
  readonly fetch: OutboundFetch;
}

/** One kind of upstream: what it wants to be told, and how it is opened. */
export interface ConnectorType {
  readonly settings: z.ZodType;
  /** Throws when the settings are not valid. */
  open(settings: unknown, tools: ConnectorTools): AnyConnector;
}

const us = z.object(clientFields);

const overOidc = (kind: ConnectionKind): ConnectorType => ({
  settings: z.strictObject({ ...clientFields, ...kind.shape }),
  open: (settings, tools) => openOidcConnector({ ...us.parse(settings), ...kind.profile(settings) }, tools),
});

/** Every kind of upstream by its type name in the configuration. */
export const connectorTypes: Readonly<Record<string, ConnectorType>> = {
  ...Object.fromEntries(kinds.map((kind) => [kind.type, overOidc(kind)])),
  supabase: { settings: SupabaseSettings, open: (settings, tools) => openSupabaseConnector(SupabaseSettings.parse(settings), tools) },
};
