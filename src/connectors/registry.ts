import type { z } from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { AnyConnector } from '../ports/connector.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import { openOidcConnector } from './oidc.ts';
import { OidcSettings } from './oidc-settings.ts';
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

/** Every kind of upstream by its type name in the configuration. */
export const connectorTypes: Readonly<Record<string, ConnectorType>> = {
  oidc: { settings: OidcSettings, open: (settings, tools) => openOidcConnector(OidcSettings.parse(settings), tools) },
  supabase: { settings: SupabaseSettings, open: (settings, tools) => openSupabaseConnector(SupabaseSettings.parse(settings), tools) },
};
