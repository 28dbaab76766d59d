import { z } from 'zod';
import { hasProblem } from '../../domain/connection-check.ts';
import { offeredConnections } from '../../domain/directory.ts';
import { ConnectionId } from '../../domain/ids.ts';
import { connectionTestLink } from '../login/connection-test.ts';
import type { AdminRoute } from './contract.ts';
import { adminRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { ProblemRefused } from './problems.ts';
import { Moment, tenantInPath } from './shapes.ts';
import { tenantOf } from './tenants.ts';

const ConnectionView = z.object({
  id: z.string(),
  name: z.string(),
  domains: z.array(z.string()).describe('E-mail domains that are said to lead here; each counts once it is proven.'),
  isAskedAgain: z.boolean().describe('Whether the identity provider is asked again after the sign-in.'),
});

const listed = {
  method: 'get',
  path: '/admin/api/tenants/{tenant}/connections',
  summary: 'The identity providers through which people can get into the tenant',
  permission: 'drawbridge:read',
  input: taking(tenantInPath, {}, nothing),
  output: z.object({ items: z.array(ConnectionView) }),
} as const;

const tested = {
  method: 'post',
  path: '/admin/api/tenants/{tenant}/connections/{connection}/test',
  summary: 'Look at a connection as far as that goes without a person, and make a link that tries one sign-in. It sets nothing up',
  permission: 'drawbridge:connections',
  input: taking({ ...tenantInPath, connection: ConnectionId.describe('The id of the connection.') }, {}, nothing),
  output: z.object({
    id: z.string(),
    name: z.string(),
    kind: z.string().describe('What its kind is called.'),
    issuer: z.string().describe('Who its tokens are from.'),
    redirect_uri: z.string().describe('Our return address, as it has to be entered there.'),
    works: z.boolean().describe('Whether nothing was found that has to be fixed.'),
    checks: z.array(
      z.object({
        check: z.string(),
        result: z.enum(['ok', 'warning', 'problem', 'not-run']),
        says: z.string().describe('What was found.'),
        todo: z.string().nullable().describe('What to do about it.'),
      }),
    ),
    signInTest: z.string().describe('Where somebody tries one sign-in: it works once, and shows whoever opened it what arrived.'),
    expiresAt: Moment.describe('Until when the link works.'),
  }),
  isLimited: true,
} as const;

export const connectionRoutes = ({ directory, flows }: AdminParts): AdminRoute[] => [
  adminRoute(listed)(async ({ path }) => {
    const offered = offeredConnections(directory, path.tenant);
    const items = offered.map(({ id, name, domains, recheck }) => ({ id, name, domains: [...domains], isAskedAgain: recheck !== null }));
    return Promise.resolve({ items });
  }),
  adminRoute(tested)(async ({ path }, { standing, askAgain }) => {
    const asked = { tenant: tenantOf(directory, path.tenant), connectionId: path.connection, standing, askAgain };
    const done = await flows.examineConnection(asked);
    if (done.outcome === 'too-often')
      throw new ProblemRefused(429, 'This connection was tested often just now.', ['Retry-After', String(Math.ceil(done.waitMs / 1000))]);
    const { connection, of, checks, ticket, expiresAt } = done;
    const { id, name } = connection;
    const { kind, issuer, redirect_uri } = of;
    const signInTest = connectionTestLink(directory.issuer, id, ticket);
    return { id, name, kind, issuer, redirect_uri, works: !hasProblem({ checks }), checks: [...checks], signInTest, expiresAt };
  }),
];
