import { startMongo } from '../mongo-server.ts';

/** A MongoDB for a whole test run: prints where it is, and ends when whoever started it does. */
const server = await startMongo();
process.stdout.write(`${server.url('tests')}\n`);
const end = () => void server.close().finally(() => process.exit(0));
process.once('SIGTERM', end);
process.stdin.once('end', end).once('close', end).resume();
