/** What `--help` says after the options of a command. */

export const help = `
Without --config this runs the demonstration: a broker and gateway, an identity provider and an MCP server,
all on this machine, with invented people. PORT=n moves the three of them to n, n+1 and n+2; DRAWBRIDGE_STORE
keeps what it knows elsewhere than in ./data.

  npm start                                  the demonstration
  npm start -- --fresh                       the same, forgetting everything it knew
  DRAWBRIDGE_STORE=mongodb://localhost/notes npm start
                                             the same in a MongoDB database
  npm start -- --config drawbridge.yaml      the real thing; docs/configuration.md lists the keys`;

export const copyHelp = `
Stop Drawbridge first. The copy can be repeated: it goes on where it ended. Afterwards counts and digests of both stores agree, or the
exit code is 1. Keep the installation key: what is sealed in the store is sealed under it.

  npm start -- store copy --from sqlite:./data/drawbridge.db --to mongodb://db.internal.example/drawbridge`;

export const auditHelp = `
The store answers one process at a time: stop Drawbridge first, or give a configuration that names a copy.
Every row is checked against the chain it belongs to; the exit code is 1 when one is not what was written.

  npm start -- audit --event tool.allowed --tenant acme
  npm start -- audit --user u_… --since 2026-11-01 --json > audit.ndjson`;

export const endHelp = `
Codes, refresh tokens and access tokens of what is ended are refused from then on; people sign in again. Each is in the audit. Processes
that share a MongoDB hear of it while they run; an embedded store answers one process at a time, so stop Drawbridge first.

  npm start -- grants end --config drawbridge.yaml --all
  npm start -- grants end --config drawbridge.yaml --user u_… --before 2026-11-21`;

export const connectionsHelp = `
Nothing is asked and nothing is changed: it reads the configuration alone. docs/assurance.md has what each kind can prove.

  npm start -- connections --config drawbridge.yaml`;

export const testHelp = `
The identity provider is asked for its discovery document and keys, and once whether it takes us as its client. The exit code is 1 when
something has to be fixed. The link at the end tries one sign-in at the running Drawbridge and shows what would come of it.

  npm start -- connections test corp --config drawbridge.yaml`;

export const domainsHelp = `
A domain that a connection names counts once DNS holds the record printed here; its value comes from the installation key, so it stays the
same. This asks now; a running Drawbridge asks by itself. The exit code is 1 when one is not proven.

  npm start -- domains --config drawbridge.yaml`;
