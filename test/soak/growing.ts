/** A process that keeps some of what it makes: `node growing.js 100` keeps 100 KiB ten times a second, and lets go of as much again. */
const kept: Uint8Array[][] = [];
const kib = Number(process.argv[2] ?? '0');
const make = (many: number) => Array.from({ length: many }, () => Uint8Array.from({ length: 64 }));
setInterval(() => {
  kept.push(make(kib * 4));
  make(400);
}, 100);
process.stdout.write('ready\n');
