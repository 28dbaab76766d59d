import type { IncomingMessage, ServerResponse } from 'node:http';

/** A refusal as GoTrue words it. */
export class GoTrueError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Two shapes by the API version asked for; the header says the code in both. */
export function writeError(request: IncomingMessage, response: ServerResponse, { status, code, message }: GoTrueError): void {
  const dated = request.headers['x-supabase-api-version'] === '2024-01-01';
  const body = dated ? { code, message } : { code: status, error_code: code, msg: message };
  response.writeHead(status, { 'content-type': 'application/json', 'x-sb-error-code': code }).end(JSON.stringify(body));
}
