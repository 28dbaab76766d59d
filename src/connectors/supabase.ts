import type { Clock } from '../ports/clock.ts';
import { LoginRefused, type ConversingConnector } from '../ports/connector.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import { openCalls } from './supabase-calls.ts';
import { openProjectKeys } from './supabase-keys.ts';
import { recheck } from './supabase-recheck.ts';
import { asLoginRefused } from './supabase-refusals.ts';
import { signOut, type Project } from './supabase-sessions.ts';
import { isSocial } from './kinds/supabase-methods.ts';
import { SupabaseSettings, type SupabaseSettingsInput } from './supabase-settings.ts';
import { redeem } from './supabase-trip.ts';
import { afterFirstFactor, answerApp, answerMail, answerWho, Memory, opening } from './supabase-ways.ts';

/**
 * Supabase Auth, spoken to directly: social sign-in over GoTrue's PKCE flow, passwords and codes on pages of ours, and a second factor that
 * is proven. Every session opened at the project is verified by its published keys, and signed out again unless it is to be asked about.
 */
export function openSupabaseConnector(given: SupabaseSettingsInput, tools: { clock: Clock; fetch: OutboundFetch }): ConversingConnector {
  const settings = SupabaseSettings.parse(given);
  const gotrue = openCalls(settings, tools.fetch);
  const project: Project = { settings, gotrue, keys: openProjectKeys(settings, tools), clock: tools.clock };
  return {
    id: settings.id,
    name: settings.name,
    begin: (attempt) => opening(project, attempt),
    complete: async (answer, attempt) => afterFirstFactor(project, await redeem(project, answer, attempt)),
    answer: (fields, memory, attempt) => {
      const asked = Memory.parse(JSON.parse(memory));
      switch (asked.at) {
        case 'who':
          return answerWho(project, fields, attempt);
        case 'mail':
          return answerMail(project, fields, asked);
        case 'app':
          return answerApp(project, fields, asked);
      }
    },
    recheck: async (refresh_token, known) => recheck(project, refresh_token, known),
    abandon: async (memory) => {
      const asked = Memory.parse(JSON.parse(memory));
      if (asked.at === 'app') await signOut(project, asked.access_token);
    },
    async warmUp() {
      await project.keys.warmUp();
      await checkMethods(project);
    },
  };
}

/** A way that the project has not switched on would refuse everybody who takes it. */
async function checkMethods({ settings, gotrue }: Project): Promise<void> {
  const said = await gotrue.call({ method: 'GET', path: '/settings' }).catch((error: unknown) => {
    throw asLoginRefused('settings', error);
  });
  const external = (said['external'] ?? {}) as Readonly<Record<string, unknown>>;
  const missing = settings.methods.filter((method) => external[isSocial(method) ? method : 'email'] !== true);
  if (missing.length > 0) throw new LoginRefused('misconfigured', `settings: not enabled in the project: ${missing.join(', ')}`);
}
