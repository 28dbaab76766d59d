import type { Resource } from '../domain/resource.ts';
import { metadataPath, resourceMetadata } from '../domain/protected-resource.ts';
import { preflightHeaders } from './cors.ts';
import type { IncomingMessage, ServerResponse } from './dependencies.ts';

const PREFIX = '/.well-known/oauth-protected-resource';

/**
 * Answers for the metadata of every resource, to anyone; false when the path is not ours. A path without a resource is 404, the root included,
 * since a document there would name a resource nobody asked for. RFC 9728 §3.
 */
export function metadataHandler(resources: readonly Resource[], issuer: string) {
  const documents = new Map(
    resources.map((resource) => [metadataPath(resource.identifier), Buffer.from(JSON.stringify(resourceMetadata(resource, issuer)))]),
  );
  const absent = Buffer.from(JSON.stringify({ error: 'not_found', error_description: 'There is no protected resource at this address.' }));
  return (req: IncomingMessage, res: ServerResponse, path: string): boolean => {
    if (path !== PREFIX && !path.startsWith(`${PREFIX}/`)) return false;
    res.setHeader('Access-Control-Allow-Origin', '*');
    if (req.method === 'OPTIONS') {
      res.writeHead(204, preflightHeaders(req, 'GET')).end();
      return true;
    }
    const readable = req.method === 'GET' || req.method === 'HEAD';
    const document = documents.get(path);
    const body = document ?? absent;
    res.writeHead(document === undefined ? 404 : readable ? 200 : 405, {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      'Cache-Control': document !== undefined && readable ? 'public, max-age=300' : 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(readable ? {} : { Allow: 'GET, HEAD, OPTIONS' }),
    });
    res.end(req.method === 'HEAD' ? undefined : body);
    return true;
  };
}
