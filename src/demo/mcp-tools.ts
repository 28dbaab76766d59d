import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Caller } from './mcp-assertion.ts';
import type { Notes } from './notes.ts';

const WhoAmI = z.object({
  user: z.string().nullable(),
  name: z.string().nullable(),
  tenant: z.string().nullable(),
  tenant_name: z.string().nullable(),
  roles: z.array(z.string()),
  client: z.string().nullable(),
  note: z.string().optional(),
});

const nobody: z.infer<typeof WhoAmI> = {
  user: null,
  name: null,
  tenant: null,
  tenant_name: null,
  roles: [],
  client: null,
  note: 'Nobody is known: this server was called directly, not through the gateway.',
};

function describe(caller: Caller): z.infer<typeof WhoAmI> {
  const { sub, name, tenant, tenant_name, roles, client_name, client_id } = caller;
  return { user: sub, name: name ?? null, tenant, tenant_name: tenant_name ?? null, roles, client: client_name ?? client_id ?? null };
}

function answer<T extends Record<string, unknown>>(structuredContent: T) {
  return { content: [{ type: 'text' as const, text: JSON.stringify(structuredContent, null, 2) }], structuredContent };
}

const reads = { readOnlyHint: true, destructiveHint: false, openWorldHint: false };

interface Visit {
  readonly caller: Caller | null;
  readonly notes: Notes;
  readonly now: () => number;
}

function addReadingTools(server: McpServer, { caller, notes }: Visit): void {
  server.registerTool(
    'whoami',
    {
      title: 'Who am I',
      description: 'Says who is calling, in which workspace and with which roles.',
      outputSchema: WhoAmI,
      annotations: reads,
    },
    () => answer(caller === null ? nobody : describe(caller)),
  );
  server.registerTool(
    'list_notes',
    {
      title: 'List notes',
      description: 'Lists the notes of this workspace, oldest first.',
      outputSchema: z.object({ notes: z.array(z.object({ text: z.string(), by: z.string(), at: z.string() })) }),
      annotations: reads,
    },
    () => answer({ notes: [...notes.list(caller?.tenant ?? null)] }),
  );
}

function addWritingTools(server: McpServer, { caller, notes, now }: Visit): void {
  const tenant = caller?.tenant ?? null;
  server.registerTool(
    'add_note',
    {
      title: 'Add a note',
      description: 'Adds a note to this workspace.',
      inputSchema: z.object({ text: z.string().min(1).max(500).describe('What the note says, at most 500 characters.') }),
      outputSchema: z.object({ count: z.number().int() }),
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    },
    ({ text }) => {
      const by = caller?.name ?? caller?.sub ?? 'nobody';
      return answer({ count: notes.add(tenant, { text, by, at: new Date(now()).toISOString() }) });
    },
  );
  server.registerTool(
    'delete_notes',
    {
      title: 'Delete all notes',
      description: 'Deletes every note of this workspace.',
      outputSchema: z.object({ deleted: z.number().int() }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    () => answer({ deleted: notes.clear(tenant) }),
  );
}

/** The four tools, for one caller. They ask nobody for permission: who may do what is the gateway's business. */
export function toolsFor(visit: Visit): McpServer {
  const server = new McpServer({ name: 'drawbridge-demo-notes', title: 'Demonstration notes', version: '1.0.0' });
  addReadingTools(server, visit);
  addWritingTools(server, visit);
  return server;
}
