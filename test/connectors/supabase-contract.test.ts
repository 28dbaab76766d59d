import { openSupabase } from '../support/supabase/project.ts';
import { supabaseContract } from './supabase.contract.ts';

const { SUPABASE_URL, SUPABASE_KEY } = process.env;

supabaseContract('the emulator', async () => {
  const { url, publishableKey, close } = await openSupabase();
  return { url, key: publishableKey, close };
});

if (SUPABASE_URL !== undefined && SUPABASE_KEY !== undefined) {
  supabaseContract('a real project', async () =>
    Promise.resolve({ url: SUPABASE_URL.replace(/\/$/, ''), key: SUPABASE_KEY, close: async () => Promise.resolve() }),
  );
}
