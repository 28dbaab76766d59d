/** What nobody can read from the code. Change a value, run the script, and every number that hangs on it changes. */
export const assumptions = {
  users: { value: 100_000_000, means: 'people with an account' },
  activeShare: { value: 0.1, means: 'of them use it on a day' },
  busiest: { value: 3, means: 'times the average of the day, in its busiest hour' },
  signIns: { value: 0.3, means: 'sign-ins per active person and day' },
  refreshes: { value: 8, means: 'refreshes per active person and day: hours of use, as tokens last one hour' },
  calls: { value: 200, means: 'tool calls per active person and day' },
  burst: { value: 20, means: 'tool calls of one grant within the minute for which a standing is remembered' },
  grants: { value: 3, means: 'grants per person' },
  memberships: { value: 0.01, means: 'rows of roles given by hand, per person; what rules give is computed' },
  clients: { value: 1_000_000, means: 'different clients ever consented to' },
  auditDays: { value: 365, means: 'days for which the audit is kept' },
  changes: { value: 0.01, means: 'times an active person loses something on a day (a grant, a role)' },
  instances: { value: 100, means: 'instances of Drawbridge' },
  shardWrites: { value: 5_000, means: 'majority-acknowledged writes per second of one shard; to be measured on the machines there are' },
  shardReads: { value: 30_000, means: 'reads per second of one shard; likewise' },
  indexEntry: { value: 60, means: 'bytes of an index entry, uncompressed' },
  zone: { value: 1, means: 'ms of a round trip within a region' },
  regions: { value: 30, means: 'ms of a round trip between two regions' },
  election: { value: 12, means: 'seconds until a lost primary has a successor: 10 of electionTimeoutMillis, 2 of the driver’s heartbeat' },
} as const;

export type Assumption = keyof typeof assumptions;
export const given = (name: Assumption): number => assumptions[name].value;
