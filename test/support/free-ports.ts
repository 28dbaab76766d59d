import { createServer } from 'node:net';

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port }, () => probe.close(() => resolve(true)));
  });
}

// Below what systems give to outgoing connections (32768 and up), which would take a port while nobody listens there; above what fetch refuses.
const lowest = 11_000;
const highest = 32_000;

/** The first of so many ports in a row that nobody uses. */
export async function freePorts(count = 3): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(port + index)));
    if (free.every(Boolean)) return port;
  }
  throw new Error(`no ${count} free ports in a row`);
}
