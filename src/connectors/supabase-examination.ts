import type { Check } from '../domain/connection-check.ts';
import { notRun, ok, problem } from '../domain/connection-check.ts';
import { openSupabaseConnector } from './supabase.ts';
import { asLoginRefused } from './supabase-refusals.ts';
import type { SupabaseSettings } from './supabase-settings.ts';
import type { ConnectorTools } from './tools.ts';

/** What a project says of itself before anybody signs in: its keys, and the ways that are switched on. */
export async function examineSupabase(settings: SupabaseSettings, tools: ConnectorTools): Promise<Check[]> {
  const redirects = notRun(
    'return-address',
    `The project cannot be asked for its redirect URLs; ${settings.redirect_uri}/** has to be among them, or people land elsewhere.`,
  );
  try {
    await openSupabaseConnector(settings, tools).warmUp();
    return [
      ok('project', 'The project answers, signs with a key we can check, and every configured way to sign in is switched on there.'),
      redirects,
    ];
  } catch (error) {
    const todo = 'Compare projectUrl, publishableKey and methods with the project; docs/guides/supabase.md says what it needs.';
    return [problem('project', `The project cannot be used as it is (${asLoginRefused('project', error).reason}).`, todo), redirects];
  }
}
