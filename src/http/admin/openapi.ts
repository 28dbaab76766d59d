import { z } from 'zod';
import { administrationPermissions, administrationScopes } from '../../domain/administration.ts';
import { endpointPaths } from '../../domain/metadata.ts';
import type { AdminContract, AdminRoute } from './contract.ts';
import { adminRoute, givesNothing, nothing, takesBody, taking } from './contract.ts';
import { Problem } from './problems.ts';

type Json = Readonly<Record<string, unknown>>;

/** OpenAPI 3.1 takes schemas as they are. */
function schemaOf(type: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any', reused: 'inline' }) as Json;
  return schema;
}

/** Described at the parameter, not in its schema too. */
function parametersOf({ input }: AdminContract): Json[] {
  const places = ['path', 'query'] as const;
  return places.flatMap((place) =>
    Object.entries(input.shape[place].shape).map(([name, type]) => {
      const { description, ...schema } = schemaOf(type as z.ZodType, 'input');
      const isRequired = place === 'path' || !(type as z.ZodType).safeParse(undefined).success;
      return { name, in: place, required: isRequired, ...(description === undefined ? {} : { description }), schema };
    }),
  );
}

const ifMatch = ({ wantsVersion }: AdminContract): Json => ({
  name: 'If-Match',
  in: 'header',
  required: wantsVersion === true,
  description: 'The `ETag` of what you read: with it nothing is changed that somebody else changed meanwhile.',
  schema: { type: 'string' },
});

const jsonContent = (schema: Json, type = 'application/json'): Json => ({ [type]: { schema } });

const problemRef = (name: string): Json => ({ $ref: `#/components/responses/${name}` });

function answerOf(contract: AdminContract): Json {
  if (contract.files !== undefined) {
    const file = { schema: { type: 'string' } };
    return { 200: { description: 'The file.', content: Object.fromEntries(contract.files.map((type) => [type, file])) } };
  }
  if (givesNothing(contract)) return { 204: { description: 'It is done.' } };
  const headers = contract.version === undefined ? {} : { headers: { ETag: { description: 'Its version.', schema: { type: 'string' } } } };
  return { 200: { description: 'The answer.', ...headers, content: jsonContent(schemaOf(contract.output, 'output')) } };
}

const hasPath = ({ input }: AdminContract): boolean => Object.keys(input.shape.path.shape).length > 0;
const writes = ({ method }: AdminContract): boolean => method !== 'get';
/** What is only tried has a version, and no need of one. */
const takesVersion = ({ method, version, wantsVersion }: AdminContract): boolean =>
  wantsVersion === true || (version !== undefined && (method === 'put' || method === 'delete'));

function operationOf(contract: AdminContract): Json {
  const { method, path, summary, permission } = contract;
  const name = path.replace('/admin/api/', '').replaceAll(/[{}]/g, '');
  const refusals = [
    '400',
    '401',
    '403',
    ...(hasPath(contract) ? ['404'] : []),
    ...(writes(contract) ? ['409', '412'] : []),
    ...(contract.wantsVersion === true ? ['428'] : []),
    ...(contract.isLimited === true ? ['429'] : []),
    '503',
  ];
  return {
    operationId: [method, ...name.split(/[/.-]/)].join('_'),
    summary,
    description: `Needs the permission \`${permission}\`.`,
    tags: [(/^tenants\/tenant\/([a-z]+)/.exec(name)?.[1] ?? name).replace(/[/.].*/, '')],
    security: [{ drawbridge: [writes(contract) ? administrationScopes.write : administrationScopes.read] }],
    parameters: [...parametersOf(contract), ...(takesVersion(contract) ? [ifMatch(contract)] : [])],
    ...(takesBody(contract) ? { requestBody: { required: true, content: jsonContent(schemaOf(contract.input.shape.body, 'input')) } } : {}),
    responses: { ...answerOf(contract), ...Object.fromEntries(refusals.map((status) => [status, problemRef(`Problem${status}`)])) },
  };
}

const problems: Readonly<Record<string, string>> = {
  400: 'Something in the request is not as it must be.',
  401: 'No token, or one that is not good here any more. `WWW-Authenticate` says where to sign in. RFC 6750, RFC 9728.',
  403: 'The token lacks the scope, or your roles lack the permission.',
  404: 'There is no such thing, as far as you can tell: what is another tenant’s is not there.',
  409: 'It cannot be done as things are.',
  412: 'It was changed meanwhile.',
  428: 'It must be said which version is meant.',
  429: 'It was asked too often. `Retry-After` says when it may be asked again.',
  503: 'A part of the system is not answering.',
};

/** The whole reference, from the very contracts that judge requests. OpenAPI 3.1. */
export function openApiDocument(routes: readonly AdminRoute[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const { contract } of routes) paths[contract.path] = { ...paths[contract.path], [contract.method]: operationOf(contract) };
  const problem = jsonContent({ $ref: '#/components/schemas/Problem' }, 'application/problem+json');
  const flow = {
    authorizationUrl: endpointPaths.authorization_endpoint,
    tokenUrl: endpointPaths.token_endpoint,
    refreshUrl: endpointPaths.token_endpoint,
    scopes: { [administrationScopes.read]: 'Look at people, roles and rules', [administrationScopes.write]: 'Change who may do what' },
  };
  const permissions = Object.entries(administrationPermissions).map(([name, words]) => `* \`${name}\`: ${words}`);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Drawbridge Admin API',
      version: '1',
      description: `Who may do what behind this installation. Authority is that of the person whose token it is, asked anew with every request:\n\n${permissions.join('\n')}`,
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Problem: schemaOf(Problem, 'output') },
      responses: Object.fromEntries(
        Object.entries(problems).map(([status, description]) => [`Problem${status}`, { description, content: problem }]),
      ),
      securitySchemes: { drawbridge: { type: 'oauth2', flows: { authorizationCode: flow } } },
    },
  };
}

const contract = {
  method: 'get',
  path: '/admin/api/openapi.json',
  summary: 'This very reference',
  permission: 'drawbridge:read',
  input: taking({}, {}, nothing),
  output: z.record(z.string(), z.unknown()),
} as const;

/** These routes and the one that tells of them all, itself included. */
export function withReference(routes: readonly AdminRoute[]): AdminRoute[] {
  const all: AdminRoute[] = [...routes];
  const document = () => openApiDocument(all);
  all.push(adminRoute(contract)(async () => Promise.resolve({ ...document() })));
  return all;
}
