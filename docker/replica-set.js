// Run by mongosh against mongo-1: makes the replica set once and waits until it has a primary.
/* global db, print, quit, rs, sleep */

const members = ['mongo-1:27017', 'mongo-2:27017', 'mongo-3:27017'].map((host, _id) => ({ _id, host }));

const isThere = () => {
  try {
    return rs.status().ok === 1;
  } catch (problem) {
    if (problem.codeName === 'NotYetInitialized') return false;
    throw problem;
  }
};

if (!isThere()) rs.initiate({ _id: 'drawbridge', members });
for (let tries = 0; !rs.status().members.some(({ stateStr }) => stateStr === 'PRIMARY'); tries += 1) {
  if (tries === 150) quit(1);
  sleep(200);
}
print('the replica set has a primary');
