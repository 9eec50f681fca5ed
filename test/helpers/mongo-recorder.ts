import { type AddressInfo, createServer, type Socket } from 'node:net';
import { BSON, type Document } from 'mongodb';

const headerBytes = 16;
const opMsg = 2013;
const opReply = 1;
const greetings = new Set(['hello', 'ismaster', 'isMaster', 'ping', 'endSessions']);

/**
 * A server that speaks MongoDB's protocol as far as its greetings, writes down every other command, and answers it with
 * what `answer` says.
 */
export async function mongoRecorder(answer: (command: Document) => Document) {
  const commands: Document[] = [];
  const open = new Set<Socket>();
  const greeting = { ok: 1, isWritablePrimary: true, ismaster: true, minWireVersion: 0, maxWireVersion: 13 };

  const reply = (command: Document): Document => {
    const [name = ''] = Object.keys(command);
    if (greetings.has(name)) return greeting;
    const { lsid: _session, $readPreference: _preference, ...asked } = command;
    commands.push(asked);
    return { ok: 1, ...answer(asked) };
  };

  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= headerBytes && rest.length >= rest.readInt32LE(0)) {
        const message = rest.subarray(0, rest.readInt32LE(0));
        rest = rest.subarray(message.length);
        socket.write(answerTo(message, reply));
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/?directConnection=true`,
    commands,
    async close(): Promise<void> {
      for (const socket of open) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Greetings may come as an OP_QUERY of old: flags, the collection’s name, two numbers; then the document. */
function answerTo(message: Buffer, reply: (command: Document) => Document): Buffer {
  const isMsg = message.readInt32LE(12) === opMsg;
  const at = isMsg ? headerBytes + 5 : message.indexOf(0, headerBytes + 4) + 9;
  const body = BSON.serialize(reply(BSON.deserialize(message.subarray(at, at + message.readInt32LE(at)))));
  const before = Buffer.alloc(isMsg ? 5 : 20);
  if (!isMsg) before.writeInt32LE(1, 16);
  const header = Buffer.alloc(headerBytes);
  header.writeInt32LE(headerBytes + before.length + body.length, 0);
  header.writeInt32LE(message.readInt32LE(4), 8);
  header.writeInt32LE(isMsg ? opMsg : opReply, 12);
  return Buffer.concat([header, before, body]);
}
