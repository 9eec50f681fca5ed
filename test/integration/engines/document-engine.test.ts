import { MongoClient } from 'mongodb';
import { createDocumentEngine } from '../../../local/engines/document-engine';
import { createPostgresEngine } from '../../../local/engines/postgres-engine';
import { createOwnEngines } from '../../helpers/own-engines';

const engines = createOwnEngines();
afterAll(() => engines.end());

async function startDocumentStore(name: string) {
  const store = await engines.place(`${name}-store`);
  const postgres = createPostgresEngine({ ...store, password: 'admin', flavour: 'document' });
  const document = createDocumentEngine({ ...(await engines.place(name)), postgres });
  return { document, running: [await engines.start(postgres), await engines.start(document)] };
}

it('keeps documents and indexes over kill -9 of both its processes', async () => {
  const { document, running } = await startDocumentStore('kept');
  const before = await MongoClient.connect(document.endpoint.url);
  const things = before.db('tenant').collection('thing');
  await things.createIndex({ key: 1 }, { unique: true });
  await things.insertOne({ key: 'a', at: new Date(0) });
  await before.close();
  for (const { pid } of running) process.kill(pid, 'SIGKILL');
  await Promise.all(running.map(({ exited }) => exited));
  // With other ports, as if the ones it had were taken now.
  const again = (await startDocumentStore('kept')).document;
  const client = await MongoClient.connect(again.endpoint.url);
  const kept = client.db('tenant').collection('thing');
  expect(await kept.find({}, { projection: { _id: 0 } }).toArray()).toEqual([{ key: 'a', at: new Date(0) }]);
  await expect(kept.insertOne({ key: 'a' })).rejects.toMatchObject({ code: 11_000 });
  await client.close();
});

it('refuses a wrong password, and commands of nobody', async () => {
  const { document } = await startDocumentStore('closed');
  const wrong = document.endpoint.url.replace(':admin@', ':wrong@');
  await expect(MongoClient.connect(wrong)).rejects.toMatchObject({ code: 18 });
  const nobody = await MongoClient.connect(`mongodb://127.0.0.1:${document.endpoint.port}/`);
  await expect(nobody.db('tenant').collection('thing').insertOne({})).rejects.toMatchObject({ code: 13 });
  await nobody.close();
});
