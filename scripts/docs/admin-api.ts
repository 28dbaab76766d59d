import { unboundRoutes } from '../../src/compose-administration.ts';
import { openApiDocument } from '../../src/http/admin/openapi.ts';

/** The Admin API as OpenAPI 3.1, from the contracts that judge its requests. */
export const adminReference = (): string => JSON.stringify(openApiDocument(unboundRoutes()), null, 2);
