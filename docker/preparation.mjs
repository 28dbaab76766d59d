// Once, before anything else of compose.yaml starts: certificates and secrets of this installation, into its volumes.
// What is there already stays.

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificates } from '../scripts/certificates.mjs';

const [secrets = '/secrets', tls = '/tls', certificates = '/certificates', ...names] = process.argv.slice(2);

for (const name of ['drawbridge.key', 'client.secret']) {
  const file = join(secrets, name);
  if (!existsSync(file)) await writeFile(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
}
if (!existsSync(join(tls, 'cert.pem'))) await makeCertificates(tls, names);
await copyFile(join(tls, 'ca.pem'), join(certificates, 'ca.pem'));
