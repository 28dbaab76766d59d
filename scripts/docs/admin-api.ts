import type { AdminParts } from '../../src/http/admin/dependencies.ts';
import { openApiDocument } from '../../src/http/admin/openapi.ts';
import { adminRoutes } from '../../src/http/admin/routes.ts';

/** Routes are asked what they take and give, and never to do anything. */
const unused = { flows: {} } as unknown as AdminParts;

/** The Admin API as OpenAPI 3.1, from the contracts that judge its requests. */
export const adminReference = (): string => JSON.stringify(openApiDocument(adminRoutes(unused)), null, 2);
