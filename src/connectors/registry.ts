import { z } from 'zod';
import type { Check } from '../domain/connection-check.ts';
import type { AnyConnector } from '../ports/connector.ts';
import type { ConnectionKind } from './kinds/kind.ts';
import { kinds } from './kinds/known.ts';
import { openOidcConnector } from './oidc.ts';
import { examineOidc } from './oidc-examination.ts';
import { clientFields } from './oidc-settings.ts';
import { openSupabaseConnector } from './supabase.ts';
import { examineSupabase } from './supabase-examination.ts';
import type { ConnectorTools, ExaminationTools } from './tools.ts';
import { SupabaseSettings } from './supabase-settings.ts';

/** One kind of upstream: what it wants to be told, and how it is opened. */
export interface ConnectorType {
  readonly settings: z.ZodType;
  /** Throws when the settings are not valid. */
  open(settings: unknown, tools: ConnectorTools): AnyConnector;
  /** Looks at everything that can be told without a person. Throws when the settings are not valid. */
  examine(settings: unknown, tools: ExaminationTools): Promise<Check[]>;
}

const us = z.object(clientFields);

const overOidc = (kind: ConnectionKind): ConnectorType => ({
  settings: z.strictObject({ ...clientFields, ...kind.shape }),
  open: (settings, tools) => openOidcConnector({ ...us.parse(settings), ...kind.profile(settings) }, tools),
  examine: (settings, tools) => examineOidc({ ...us.parse(settings), ...kind.profile(settings) }, tools),
});

/** Every kind of upstream by its type name in the configuration. */
export const connectorTypes: Readonly<Record<string, ConnectorType>> = {
  ...Object.fromEntries(kinds.map((kind) => [kind.type, overOidc(kind)])),
  supabase: {
    settings: SupabaseSettings,
    open: (settings, tools) => openSupabaseConnector(SupabaseSettings.parse(settings), tools),
    examine: (settings, tools) => examineSupabase(SupabaseSettings.parse(settings), tools),
  },
};
