import { Agent, fetch as undiciFetch } from 'undici';

/** Makes this test file's `fetch` believe one more authority, or come from another address of this machine; answers with the way back. */
export function trustingFetch({ ca, localAddress }: { ca?: string; localAddress?: string }): () => Promise<void> {
  const before = globalThis.fetch;
  const dispatcher = new Agent({
    ...(localAddress === undefined ? {} : { localAddress }),
    connect: { ...(ca === undefined ? {} : { ca }), ...(localAddress === undefined ? {} : { family: 4 }) },
  });
  const trusting = (input: unknown, init: object = {}) => undiciFetch(input as string, { ...init, dispatcher });
  globalThis.fetch = trusting as unknown as typeof fetch;
  return async () => {
    globalThis.fetch = before;
    await dispatcher.close();
  };
}
