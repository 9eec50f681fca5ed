import { once } from 'node:events';
import { connect } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { restWhenIdle } from '../../src/platform/kafka/rest-when-idle';

const leaveGroup = 13;

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/**
 * Takes the members of a client that has died out of their groups, as the broker does by itself when their sessions have
 * timed out: whoever takes over is not held up for these seconds.
 */
export async function leaveGroups(broker: string, clientId: string): Promise<void> {
  restWhenIdle();
  const admin = new Kafka({ brokers: [broker], clientId: 'undertaker', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { groups } = await admin.listGroups();
    const described = await admin.describeGroups(groups.map(({ groupId }) => groupId));
    for (const { groupId, members } of described.groups) {
      for (const { memberId } of members.filter((member) => member.clientId === clientId)) {
        await leave(broker, groupId, memberId);
      }
    }
  } finally {
    await admin.disconnect();
  }
}

/** One LeaveGroup request of version 0, which kafkajs sends for its own consumers only. */
async function leave(broker: string, groupId: string, memberId: string): Promise<void> {
  const [host = '', port] = broker.split(':');
  const head = Buffer.alloc(8);
  head.writeInt16BE(leaveGroup, 0);
  const request = Buffer.concat([head, text('undertaker'), text(groupId), text(memberId)]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(request.length);
  const socket = connect(Number(port), host);
  try {
    socket.write(Buffer.concat([size, request]));
    const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(5_000) });
    const code = (answer as Buffer).readInt16BE(8);
    if (code !== 0) throw new Error(`Kafka does not let ${memberId} leave ${groupId}: error ${code}`);
  } finally {
    socket.destroy();
  }
}
