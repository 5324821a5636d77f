// For mongosh, on MongoDB's own machine: the replica set of one, and its two users. What is there
// already stays as it is; run again after a crash, it does what is missing.
//
//   /run/secrets/mongodb_uri           the services': reads and writes the database
//   /run/secrets/operator.mongodb_uri  parleyctl's: also sees how the set does, and restores
const fs = require('fs');

const folder = process.env.SECRETS || '/run/secrets';
const port = process.env.MONGODB_PORT || '27017';

// "mongodb://user:password@host:port/database?…", as parleyctl secrets writes it: nothing is escaped.
function read(name) {
  const text = fs.readFileSync(`${folder}/${name}`, 'utf8').trim();
  const [, user, password, host, database] = text.match(/^mongodb:\/\/([^:]+):([^@]+)@([^/,]+)[^/]*\/([^?]+)/);
  return { user, password, host, database };
}

const services = read('mongodb_uri');
const operator = read('operator.mongodb_uri');
const local = `mongodb://127.0.0.1:${port}/?directConnection=true`;

function connectWhenUp(uri) {
  for (let left = 120; ; left--) {
    try {
      const database = connect(uri); // in two steps: mongosh does not wait in a return
      return database;
    } catch (fault) {
      if (left === 0 || !/ECONNREFUSED|connection/i.test(fault.message)) throw fault;
      sleep(500);
    }
  }
}

function connectAsOperator() {
  try {
    const database = connect(`mongodb://${operator.user}:${operator.password}@127.0.0.1:${port}`
      + '/?directConnection=true&authSource=admin');
    return database;
  } catch (fault) {
    if (/Authentication failed/.test(fault.message)) return null; // not yet
    throw fault;
  }
}

let admin = connectWhenUp(local).getSiblingDB('admin');
if (!admin.hello().setName) {
  try {
    admin.runCommand({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: services.host }] } });
  } catch (fault) {
    if (fault.codeName !== 'AlreadyInitialized') throw fault;
  }
}
for (let left = 240; !admin.hello().isWritablePrimary; left--) {
  if (left === 0) throw new Error('there is no primary');
  sleep(500);
}

if (!connectAsOperator()) {
  admin.createUser({
    user: operator.user,
    pwd: operator.password,
    // Roles of one database cannot be given through that door.
    roles: ['userAdminAnyDatabase', 'clusterMonitor', 'readWriteAnyDatabase', 'dbAdminAnyDatabase'],
  });
}
admin = connectAsOperator().getSiblingDB('admin');
if (!admin.getUser(services.user)) {
  admin.createUser({
    user: services.user,
    pwd: services.password,
    roles: [{ role: 'readWrite', db: services.database }],
  });
}
