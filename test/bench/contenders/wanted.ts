import { createHash } from 'node:crypto';

/** What all contenders are asked for, so that they are asked for the same. */
export const code_verifier = 'a'.repeat(43);
export const code_challenge = createHash('sha256').update(code_verifier).digest('base64url');
export const redirect_uri = 'http://127.0.0.1:9876/callback';
export const scope = 'read write';
export const client_name = 'Bench client';

/** The one call that goes through every gateway, and the answer of the upstream behind it. */
export const toolCall = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'list_notes', arguments: { limit: 5 } },
});
export const toolAnswer = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  result: { content: [{ type: 'text', text: 'three notes' }], isError: false },
});
