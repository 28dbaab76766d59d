// A certificate authority that lives as long as its folder, and one certificate by it for the names given:
// `node scripts/certificates.mjs <folder> <name> …`. For trying things out and for tests; nothing of it is ever committed.

import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const openssl = (folder, ...args) => promisify(execFile)('openssl', args, { cwd: folder });
const key = (file) => ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file];
const isAddress = (name) => /^[\d.]+$|:/.test(name);

/** Writes ca.pem, cert.pem and key.pem; the key of the authority is gone afterwards. */
export async function makeCertificates(folder, names) {
  await mkdir(folder, { recursive: true });
  const subjects = names.map((name) => `${isAddress(name) ? 'IP' : 'DNS'}:${name}`).join(',');
  const leaf = `subjectAltName=${subjects}\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\nbasicConstraints=critical,CA:false\n`;
  await writeFile(join(folder, 'leaf.cnf'), leaf);
  const ca = ['-addext', 'keyUsage=critical,keyCertSign', '-addext', 'basicConstraints=critical,CA:true,pathlen:0'];
  await openssl(folder, ...key('ca.key'));
  await openssl(
    folder,
    'req',
    '-x509',
    '-new',
    '-key',
    'ca.key',
    '-days',
    '30',
    '-subj',
    '/CN=Drawbridge test authority',
    ...ca,
    '-out',
    'ca.pem',
  );
  await openssl(folder, ...key('key.pem'));
  await openssl(folder, 'req', '-new', '-key', 'key.pem', '-subj', `/CN=${names[0]}`, '-out', 'leaf.csr');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'leaf.cnf'];
  await openssl(folder, 'x509', '-req', '-in', 'leaf.csr', ...signing, '-days', '30', '-out', 'cert.pem');
  await Promise.all(['ca.key', 'ca.srl', 'leaf.csr', 'leaf.cnf'].map((file) => rm(join(folder, file), { force: true })));
  await chmod(join(folder, 'key.pem'), 0o600);
}

if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) {
  const [folder, ...names] = process.argv.slice(2);
  if (folder === undefined || names.length === 0) {
    console.error('node scripts/certificates.mjs <folder> <name> …');
    process.exit(1);
  }
  await makeCertificates(folder, names);
}
