import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit-event.ts';
import { placeText, readPlace } from '../../domain/audit-search.ts';
import type { AuditPlace, AuditSearch } from '../../domain/audit-search.ts';
import { csvLine } from '../../domain/csv.ts';
import { isoMoment } from '../../domain/moment.ts';
import type { AdminRequest, AdminRoute, Download } from './contract.ts';
import { adminRoute, fileRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { ProblemRefused } from './problems.ts';
import { AskedMoment, Moment, pageOf, paging, tenantInPath } from './shapes.ts';

const texts = z.array(z.string()).optional();
const text = z.string().optional();

const AuditView = z.object({
  id: z.string(),
  at: Moment,
  event: z.string(),
  rule: z.string().describe('What decided.'),
  userId: text,
  adminId: text.describe('The user who had it done, through the Admin API.'),
  clientId: text,
  clientName: text,
  grantId: text,
  connectionId: text,
  resource: text,
  role: text,
  tool: text,
  revision: z.int().optional().describe('The revision of the policy that came into force.'),
  outcome: text,
  scope: texts,
  roles: texts,
  evidence: texts,
});
type AuditView = z.infer<typeof AuditView>;

const view = (record: AuditRecord): AuditView => AuditView.parse({ ...record.event, id: placeText(record), at: record.at });

const searching = {
  since: AskedMoment.optional(),
  until: AskedMoment.optional(),
  event: z
    .string()
    .regex(/^[a-z.-]{1,60}$/)
    .optional()
    .describe('Only of this event, such as `tool.refused`.'),
  user: z.string().min(1).max(200).optional().describe('Only about this user.'),
};

const searched = {
  method: 'get',
  path: '/admin/api/tenants/{tenant}/audit',
  summary: 'The record of what was decided in the tenant, newest first',
  permission: 'drawbridge:audit',
  input: taking(tenantInPath, { ...searching, ...paging }, nothing),
  output: pageOf(AuditView),
} as const;

const exported = {
  method: 'get',
  path: '/admin/api/tenants/{tenant}/audit/export',
  summary: 'The same as a file: a JSON object a line, or a table. In the order of the store, which is not that of time',
  permission: 'drawbridge:audit',
  input: taking(tenantInPath, { ...searching, format: z.enum(['jsonl', 'csv']).describe('What kind of file.') }, nothing),
  output: z.string(),
  files: ['application/x-ndjson', 'text/csv'],
} as const;

type Asked = Pick<z.output<(typeof exported.input)['shape']['query']>, keyof typeof searching>;

const searchOf = ({ since, until, event, user }: Asked): AuditSearch => ({
  since: since ?? null,
  until: until ?? null,
  event: event ?? null,
  userId: user ?? null,
});

function placeOf(after: string | undefined): AuditPlace | null {
  const place = after === undefined ? null : readPlace(after);
  if (after !== undefined && place === null) throw new ProblemRefused(400, '`after` is not the `next` of a page.');
  return place;
}

const columns = Object.keys(AuditView.shape) as (keyof AuditView)[];

const lines = {
  jsonl: (record: AuditRecord) => `${JSON.stringify(view(record))}\n`,
  csv: (record: AuditRecord) => {
    const row = { ...view(record), at: isoMoment(record.at) };
    return csvLine(columns.map((column) => [row[column] ?? ''].flat().join(' ')));
  },
} as const;

async function* chunksOf(
  pages: AsyncIterable<readonly AuditRecord[]>,
  format: keyof typeof lines,
  askAgain: AdminRequest['askAgain'],
): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(columns);
  for await (const page of pages) {
    // However long it takes, it goes no further than the caller's authority does.
    await askAgain();
    if (page.length > 0) yield page.map(lines[format]).join('');
  }
}

export const auditRoutes = ({ flows, audit }: AdminParts): AdminRoute[] => [
  adminRoute(searched)(async ({ path, query }) => {
    const { limit } = query;
    const records = await flows.searchAudit(path.tenant, searchOf(query), { most: limit, olderThan: placeOf(query.after) });
    const items = records.slice(0, limit);
    const last = items.at(-1);
    return { items: items.map(view), next: records.length > limit && last !== undefined ? placeText(last) : null };
  }),
  fileRoute(exported)(async ({ path, query }, { standing, askAgain }): Promise<Download> => {
    const about = { tenantId: path.tenant, adminId: standing.user.id };
    await audit.append({ ...about, event: 'audit.exported', rule: `exported as ${query.format} by an administrator` });
    return {
      type: query.format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
      name: `audit-${path.tenant}.${query.format}`,
      chunks: chunksOf(flows.exportAudit(path.tenant, searchOf(query)), query.format, askAgain),
    };
  }),
];
