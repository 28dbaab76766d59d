import { Agent, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from '../../../src/cli/server.ts';
import { instanceHeader } from './acknowledgements.ts';

/** What stands before the instances, as a balancer does: every request goes to the next one, or to the one its header names. */
export interface Front {
  /** Name to port on 127.0.0.1; change it when an instance comes back elsewhere, take it out when nothing may be sent there. */
  readonly targets: Map<string, number>;
  close(): Promise<void>;
}

/** A plain balancer on `localhost:port`. It tries nothing twice: an instance that breaks off is a connection that breaks off. */
export async function startFront(port: number, targets: Map<string, number>): Promise<Front> {
  const agent = new Agent({ keepAlive: true });
  let turn = 0;

  function carry(req: IncomingMessage, res: ServerResponse): void {
    const { [instanceHeader]: wanted, ...headers } = req.headers;
    const name = typeof wanted === 'string' ? wanted : [...targets.keys()][(turn += 1) % targets.size];
    const to = targets.get(name ?? '');
    if (to === undefined) return void res.writeHead(502, { [instanceHeader]: name ?? '' }).end();
    const onward = request({ host: '127.0.0.1', port: to, path: req.url, method: req.method, headers, agent }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, [...answer.rawHeaders, instanceHeader, name ?? '']);
      answer.pipe(res);
      answer.once('error', () => res.destroy());
    });
    onward.once('error', () => res.destroy());
    res.once('close', () => onward.destroy());
    req.pipe(onward);
  }

  const listening = await listen({ host: 'localhost', port });
  listening.serve(carry);
  return {
    targets,
    close: async () => {
      await listening.close(200);
      agent.destroy();
    },
  };
}
